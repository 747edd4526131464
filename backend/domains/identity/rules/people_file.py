"""The people file: a CSV with the columns login, name, phone, role, unit_code; one line a role, so a person may have several lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from backend.core.problems import Invalid
from backend.domains.identity.rules import people, roles
from backend.domains.identity.rules.table_file import Encoding, read_table

COLUMNS = ("login", "name", "phone", "role", "unit_code")
MOST = 20_000


class PeopleFileInvalid(Invalid):
    """The file has faults; each is named by line and column, and nobody was imported."""

    slug = "people_file_invalid"
    title = "The people file has faults"
    title_zh = "人员文件有误"
    way_out = "Correct every line and column listed under errors (`/line/column`, the header is line 1) and import the file again."
    way_out_zh = "请按 errors 中的行号和列名（/行/列，表头为第 1 行）逐一更正后重新导入；本次未导入任何人员。"


@dataclass(frozen=True, slots=True)
class PersonLine:
    """One line: a person and one role. `line` counts from 1, the header."""

    line: int
    login: str
    name: str
    phone: str | None
    role: str
    unit_code: str


@dataclass(slots=True)
class PersonEntry:
    """One person of the file with all roles, each as (role, unit code)."""

    login: str
    name: str
    phone: str | None
    roles: list[tuple[str, str]] = field(default_factory=list)


def read_lines(data: bytes) -> tuple[list[PersonLine], Encoding]:
    """The lines of a file and the encoding it was read in: UTF-8 with or without a mark, else GB18030 as Excel in Chinese saves CSV.

    Raises PeopleFileInvalid for what is no such table at all. Empty lines are skipped.
    """
    rows, encoding = read_table(data, columns=COLUMNS, most=MOST, empty="nobody is in the file", refusal=_invalid)
    lines = [
        PersonLine(number, people.folded(row["login"]), row["name"], row["phone"] or None, row["role"], row["unit_code"])
        for number, row in rows
    ]
    return lines, encoding


def gather(lines: Sequence[PersonLine], unit_kinds: Mapping[str, str]) -> list[PersonEntry]:
    """The people of these lines in the order of the file; `unit_kinds` holds the kind of each unit by its code.

    Raises PeopleFileInvalid listing every faulty line and column: wrong login, name or phone, unknown role or unit, a role that cannot be
    held there, a line twice, one login with two names or phones, roles one person may not hold together.
    """
    faults: list[tuple[str, str]] = []
    entries: dict[str, PersonEntry] = {}
    for line in lines:
        found = people.faults_of(login=line.login, name=line.name, phone=line.phone)
        entry = entries.setdefault(line.login, PersonEntry(line.login, line.name, line.phone))
        found += _against(entry, line)
        found += _role_faults(entry, line, unit_kinds)
        entry.roles.append((line.role, line.unit_code))
        faults += [(f"/{line.line}/{column}", reason) for column, reason in found]
    if faults:
        raise _invalid(faults)
    return list(entries.values())


def _against(entry: PersonEntry, line: PersonLine) -> list[tuple[str, str]]:
    faults: list[tuple[str, str]] = []
    if line.name != entry.name:
        faults.append(("name", "another name than in an earlier line of this login"))
    if line.phone != entry.phone:
        faults.append(("phone", "another phone than in an earlier line of this login"))
    if (line.role, line.unit_code) in entry.roles:
        faults.append(("role", "this role is in an earlier line of this login"))
    return faults


def _role_faults(entry: PersonEntry, line: PersonLine, unit_kinds: Mapping[str, str]) -> list[tuple[str, str]]:
    faults: list[tuple[str, str]] = []
    kind = unit_kinds.get(line.unit_code)
    if line.role not in roles.ROLES:
        faults.append(("role", f"{line.role!r} is none of {', '.join(roles.ROLES)}"))
    elif other := roles.opposed(line.role, (role for role, _ in entry.roles)):
        faults.append(("role", f"{line.role} and {other} are never held by one person at once"))
    if kind is None:
        faults.append(("unit_code", f"there is no unit {line.unit_code!r}"))
    elif line.role in roles.ROLES and (reason := roles.fault_of_place(line.role, kind)):
        faults.append(("unit_code", reason))
    return faults


def _invalid(faults: list[tuple[str, str]]) -> PeopleFileInvalid:
    shown = "; ".join(f"{pointer[1:]}: {reason}" for pointer, reason in faults[:3])
    return PeopleFileInvalid(f"{len(faults)} faults: {shown}", errors=faults)
