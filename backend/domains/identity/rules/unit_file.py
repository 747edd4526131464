"""The unit file: a CSV with the columns kind, code, name, name_en, area, parent_code; one line a unit, parents before children."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from backend.core.problems import Invalid
from backend.domains.identity.rules.table_file import read_table
from backend.domains.identity.rules.units import UnitInvalid, check_unit

COLUMNS = ("kind", "code", "name", "name_en", "area", "parent_code")
MOST = 5_000
_TEXT = 200


class UnitFileInvalid(Invalid):
    """The file has faults; each is named by line and column, and no unit was founded or changed."""

    slug = "unit_file_invalid"
    title = "The unit file has faults"
    title_zh = "单位文件有误"
    way_out = "Correct every line and column listed under errors (`/line/column`, the header is line 1) and import the file again."
    way_out_zh = "请按 errors 中的行号和列名（/行/列，表头为第 1 行）逐一更正后重新导入；本次未导入任何单位。"


@dataclass(frozen=True, slots=True)
class UnitLine:
    """One unit as the file has it. `line` counts from 1, the header. An empty cell is None."""

    line: int
    kind: str
    code: str
    name: str
    name_en: str | None = None
    area: str | None = None
    parent_code: str | None = None


def read_lines(data: bytes) -> list[UnitLine]:
    """The lines of a file in UTF-8, with or without a mark, or in GB18030 as Excel in Chinese saves CSV. Empty lines are skipped.

    Raises UnitFileInvalid for what is no such table.
    """
    rows, _ = read_table(data, columns=COLUMNS, most=MOST, empty="no unit is in the file", refusal=invalid)
    lines = []
    for number, row in rows:
        optional = {name: row[name] or None for name in ("name_en", "area", "parent_code")}
        lines.append(UnitLine(number, row["kind"], row["code"], row["name"], **optional))
    return lines


def check_lines(lines: Sequence[UnitLine], founded: Collection[str]) -> None:
    """Raise UnitFileInvalid listing every faulty line and column; `founded` are the codes of units that there are.

    A parent must be founded or stand in an earlier line: so there are no circles.
    """
    faults: list[tuple[str, str]] = []
    seen: set[str] = set()
    for line in lines:
        try:
            check_unit(kind=line.kind, code=line.code, name=line.name, area=line.area)
        except UnitInvalid as wrong:
            faults += [(f"/{line.line}{pointer}", reason) for pointer, reason in wrong.errors]
        if line.name_en is not None and (len(line.name_en) > _TEXT or not line.name_en.isprintable()):
            faults.append((f"/{line.line}/name_en", f"at most {_TEXT} printable characters"))
        if line.code in seen:
            faults.append((f"/{line.line}/code", f"{line.code} is in an earlier line"))
        if line.parent_code is not None and line.parent_code not in seen and line.parent_code not in founded:
            faults.append((f"/{line.line}/parent_code", f"there is no unit {line.parent_code!r}, and no earlier line founds it"))
        if line.parent_code is not None and line.parent_code == line.code:
            faults.append((f"/{line.line}/parent_code", "a unit is not its own parent"))
        seen.add(line.code)
    if faults:
        raise invalid(faults)


def invalid(faults: list[tuple[str, str]]) -> UnitFileInvalid:
    """The problem of these faults, each (`/line/column`, reason)."""
    shown = "; ".join(f"{pointer[1:]}: {reason}" for pointer, reason in faults[:3])
    return UnitFileInvalid(f"{len(faults)} faults: {shown}", errors=faults)
