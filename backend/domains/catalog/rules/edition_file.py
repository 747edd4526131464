"""The CSV form of an edition, one filing condition a row; all of it is sound or none is taken."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from backend.core.problems import Invalid
from backend.domains.catalog.rules.categories import KINDS, TRADES, UNITS, key_of

COLUMNS = (
    *("kind", "class_code", "class_zh", "class_en", "subclass_code", "subclass_zh", "subclass_en", "default_trade"),
    *("filing_condition_zh", "time_limit_value", "time_limit_unit", "closing_condition_zh", "source"),
)
LARGEST_LIMIT = 10_000
MOST_FAULTS = 200
_CODE = re.compile(r"[0-9A-Z]{2,12}")
_MOST_CONDITIONS = 999

Earlier = Mapping[tuple[str, str], Mapping[str, int]]
"""(kind, code) -> text -> number of all conditions of earlier editions."""


class CatalogFaults(Invalid):
    """A catalogue file that does not hold together: nothing of it is loaded."""

    slug = "catalog_faults"
    title = "The catalogue file has faults"
    title_zh = "目录文件有误"
    way_out = "Correct the rows listed under errors (row 1 is the header) and load the whole file again; nothing was changed."
    way_out_zh = "请更正 errors 中所列的行（第 1 行为表头）后重新整体导入；数据未作任何改动。"


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """A filing condition as the file has it, with its number."""

    number: int
    text: str
    limit_value: int | None
    limit_unit: str | None
    closing: str
    source: str


@dataclass(frozen=True, slots=True)
class SubclassRow:
    """A subclass as the file has it, in file order, with its conditions."""

    kind: str
    code: str
    class_code: str
    class_zh: str
    class_en: str
    name_zh: str
    name_en: str
    trade: str
    conditions: tuple[ConditionRow, ...]

    @property
    def key(self) -> str:
        """`kind:code`."""
        return key_of(self.kind, self.code)


_Row = dict[str, str]
_Fault = tuple[str, str]


def read_edition(text: str, earlier: Earlier | None = None) -> list[SubclassRow]:
    """The subclasses of a CSV file (UTF-8 text, header COLUMNS) in file order. Raises CatalogFaults naming rows and columns.

    Conditions are numbered 1, 2, 3 ... within a subclass in file order. Where `earlier` editions have the same words for the subclass,
    their number stays; new words get the next number above all that any edition used.
    """
    rows, faults = _rows(text)
    for line, row in rows:
        faults += [(f"/rows/{line}/{column}", detail) for column, detail in _row_faults(row)]
    if not faults:
        faults += _family_faults(rows)
    if faults:
        shown = "; ".join(f"{pointer}: {detail}" for pointer, detail in faults[:3])
        raise CatalogFaults(f"{len(faults)} faults: {shown}", errors=faults[:MOST_FAULTS], faults=len(faults))
    groups: dict[tuple[str, str], list[_Row]] = {}
    for _, row in rows:
        groups.setdefault((row["kind"], row["subclass_code"]), []).append(row)
    return [_subclass(group, (earlier or {}).get(key, {})) for key, group in groups.items()]


def _rows(text: str) -> tuple[list[tuple[int, _Row]], list[_Fault]]:
    """Lines with their numbers in the file (of a row's last line), and what is wrong with the file as such."""
    # Not splitlines(): that would also break at separators which may stand inside a text.
    reader = csv.reader((line + "\n" for line in text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")), strict=True)
    try:
        table = [(reader.line_num, cells) for cells in reader if cells]
    except csv.Error as error:
        return [], [(f"/rows/{reader.line_num}", f"not readable as CSV: {error}")]
    if not table or tuple(table[0][1]) != COLUMNS:
        return [], [("/rows/1", f"the header must be {','.join(COLUMNS)}")]
    if len(table) == 1:
        return [], [("/rows", "there is no row below the header")]
    wrong = [(f"/rows/{line}", f"{len(cells)} cells instead of {len(COLUMNS)}") for line, cells in table[1:] if len(cells) != len(COLUMNS)]
    if wrong:
        return [], wrong
    return [(line, dict(zip(COLUMNS, (cell.strip() for cell in cells), strict=True))) for line, cells in table[1:]], []


def _row_faults(row: _Row) -> Iterator[_Fault]:
    if row["kind"] not in KINDS:
        yield "kind", f"{row['kind']!r} is neither component nor event"
    for column in ("class_code", "subclass_code"):
        if not _CODE.fullmatch(row[column]):
            yield column, f"{row[column]!r} is no code of 2 to 12 digits and capitals"
    if not row["subclass_code"].startswith(row["class_code"]):
        yield "subclass_code", f"{row['subclass_code']!r} does not begin with its class {row['class_code']!r}"
    for column in ("class_zh", "class_en", "subclass_zh", "subclass_en", "source"):
        if not row[column]:
            yield column, "is empty"
    if row["default_trade"] not in TRADES:
        yield "default_trade", f"{row['default_trade']!r} is none of {', '.join(TRADES)}"
    yield from _limit_faults(row["time_limit_value"], row["time_limit_unit"])


def _limit_faults(value: str, unit: str) -> Iterator[_Fault]:
    if not value and not unit:
        return
    if unit not in UNITS:
        yield "time_limit_unit", f"{unit!r} is none of {', '.join(UNITS)}"
    if not (value.isascii() and value.isdigit() and len(value) <= 5 and 0 < int(value) <= LARGEST_LIMIT):
        yield "time_limit_value", f"{value!r} is no whole number from 1 to {LARGEST_LIMIT}"


def _family_faults(rows: list[tuple[int, _Row]]) -> Iterator[_Fault]:
    """Rows of one subclass or class that contradict each other."""
    subclasses: dict[tuple[str, str], _Row] = {}
    classes: dict[tuple[str, str], _Row] = {}
    texts: dict[tuple[str, str], set[str]] = {}
    for line, row in rows:
        subclass = row["kind"], row["subclass_code"]
        first, family = subclasses.setdefault(subclass, row), classes.setdefault((row["kind"], row["class_code"]), row)
        for column in ("class_code", "subclass_zh", "subclass_en", "default_trade"):
            if row[column] != first[column]:
                yield f"/rows/{line}/{column}", f"{row[column]!r} differs from {first[column]!r} in an earlier row of {key_of(*subclass)}"
        for column in ("class_zh", "class_en"):
            if row[column] != family[column]:
                yield f"/rows/{line}/{column}", f"{row[column]!r} differs from {family[column]!r} in an earlier row of this class"
        seen = texts.setdefault(subclass, set())
        if row["filing_condition_zh"] in seen:
            yield f"/rows/{line}/filing_condition_zh", f"the same condition stands twice under {key_of(*subclass)}"
        elif len(seen) == _MOST_CONDITIONS:
            yield f"/rows/{line}", f"more than {_MOST_CONDITIONS} conditions under {key_of(*subclass)}"
        seen.add(row["filing_condition_zh"])


def _subclass(rows: list[_Row], earlier: Mapping[str, int]) -> SubclassRow:
    free = max(earlier.values(), default=0)
    conditions = []
    for row in rows:
        text = row["filing_condition_zh"]
        number = earlier.get(text)
        if number is None:
            free = number = free + 1
        limit = int(row["time_limit_value"]) if row["time_limit_value"] else None
        condition = ConditionRow(
            number=number,
            text=text,
            limit_value=limit,
            limit_unit=row["time_limit_unit"] or None,
            closing=row["closing_condition_zh"],
            source=row["source"],
        )
        conditions.append(condition)
    first = rows[0]
    return SubclassRow(
        kind=first["kind"],
        code=first["subclass_code"],
        class_code=first["class_code"],
        class_zh=first["class_zh"],
        class_en=first["class_en"],
        name_zh=first["subclass_zh"],
        name_en=first["subclass_en"],
        trade=first["default_trade"],
        conditions=tuple(conditions),
    )
