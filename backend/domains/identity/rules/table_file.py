"""A table in a CSV file as an office saves it: what the files of people and of units have in common."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from typing import Literal

from backend.core.problems import Invalid

Encoding = Literal["utf-8", "gb18030"]
Refusal = Callable[[list[tuple[str, str]]], Invalid]


def read_table(
    data: bytes, *, columns: Sequence[str], most: int, empty: str, refusal: Refusal
) -> tuple[list[tuple[int, dict[str, str]]], Encoding]:
    """Each line that is not empty as (number in the file, cells by column), and the encoding it was read in.

    UTF-8 with or without a mark, else GB18030 as Excel in Chinese saves CSV. The header names all columns in any order. What is no such
    table, has none or more than `most` lines raises what `refusal` makes of the faults; `empty` is said of a file without lines.
    """
    text, encoding = _decoded(data, refusal)
    try:
        table = list(csv.reader(text.splitlines(keepends=True), strict=True))
    except csv.Error as error:
        raise refusal([("/1", f"no CSV: {error}")]) from error
    header = [cell.strip().casefold() for cell in table[0]] if table else []
    if sorted(header) != sorted(columns):
        named = ", ".join(header)[:200] or "nothing"
        raise refusal([("/1", f"the header must name the columns {', '.join(columns)}; it names {named}")])
    faults: list[tuple[str, str]] = []
    rows: list[tuple[int, dict[str, str]]] = []
    for number, cells in enumerate(table[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            faults.append((f"/{number}", f"{len(cells)} columns instead of {len(header)}"))
            continue
        rows.append((number, {name: cell.strip() for name, cell in zip(header, cells, strict=True)}))
    if len(rows) > most:
        faults.append(("/", f"{len(rows)} lines; at most {most} at once"))
    if not rows and not faults:
        faults.append(("/2", empty))
    if faults:
        raise refusal(faults)
    return rows, encoding


def _decoded(data: bytes, refusal: Refusal) -> tuple[str, Encoding]:
    try:
        return data.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("gb18030"), "gb18030"
    except UnicodeDecodeError as error:
        raise refusal([("/1", "neither UTF-8 nor GB18030")]) from error
