"""Who works in the month: the demo's own people, and those that an operator adds with `flask people import`, as for a real district."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.demo_month.office import DEMO, PASSWORD, Office
from tests.make.server import Server

DISTRICT = "330113"
RELIEF = ("jd01", "jd02")
"""Inspectors of all towns, who look where a town has nobody else."""
CONTRACTORS = ("HD", "QL", "JJ", "XH")
DEPARTMENTS = ("CG", "SZ", "YL", "HW")
_MANAGERS = {"HD": "qian", "JJ": "feng"}
_SURNAMES = "王李张刘陈杨黄吴周徐孙马朱胡林郭何高罗郑"


@dataclass(frozen=True)
class Staff:
    """Logins by what they do. `doers`: by unit code, the manager or officer first."""

    inspectors: Mapping[str, tuple[str, ...]]
    doers: Mapping[str, tuple[str, ...]]
    towns: Mapping[str, str]
    acceptors: tuple[str, ...] = ("zhao", "chen")
    dispatchers: tuple[str, ...] = ("sun", "paiqian2")


def hire(server: Server, office: Office, towns: list[str], *, inspectors: int) -> Staff:
    """Import the month's people and have each choose a password."""
    patrol = {town: tuple(f"xc{town[-3:]}{number:02d}" for number in range(1, _share(inspectors, towns, town) + 1)) for town in towns}
    lines = [(login, "inspector", town) for town, logins in patrol.items() for login in logins]
    doers: dict[str, tuple[str, ...]] = {}
    for unit in CONTRACTORS:
        manager, worker = _MANAGERS.get(unit, f"jl{unit.lower()}"), f"gr{unit.lower()}"
        doers[unit] = (manager, worker)
        lines += [
            (login, role, unit) for login, role in ((manager, "contractor_manager"), (worker, "contractor_worker")) if login not in DEMO
        ]
    for unit in DEPARTMENTS:
        doers[unit] = (f"kz{unit.lower()}",)
        lines.append((f"kz{unit.lower()}", "department_officer", unit))
    officers = {town: f"zj{town[-3:]}" for town in towns}
    lines += [(login, "town_officer", town) for town, login in officers.items()]
    doers |= {town: (login,) for town, login in officers.items()}
    lines.append(("paiqian2", "dispatcher", DISTRICT))
    lines += [(login, "inspector", town) for login in RELIEF for town in towns]
    _import(server, office, lines)
    return Staff(patrol, doers, officers)


def _share(inspectors: int, towns: list[str], town: str) -> int:
    """As many for each town, one more for the first ones."""
    each, more = divmod(inspectors, len(towns))
    return max(1, each + (towns.index(town) < more))


def _import(server: Server, office: Office, lines: list[tuple[str, str, str]]) -> None:
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(("login", "name", "phone", "role", "unit_code"))
    numbers = {login: number for number, login in enumerate(dict.fromkeys(login for login, _, _ in lines))}
    for login, role, unit in lines:
        out.writerow((login, f"{_SURNAMES[numbers[login] % len(_SURNAMES)]}{numbers[login] + 1:02d}", "", role, unit))
    path = Path(server.folder) / "people.csv"
    path.write_text(text.getvalue(), "utf-8")
    for line in server.flask("people", "import", str(path)).stdout.splitlines():
        login, tab, given = line.partition("\t")
        if tab:
            office.sign_in(login, given)
            office.ask(login, "POST", "/people/me/password", {"present": given, "new": PASSWORD})
            office.sign_in(login, PASSWORD)
