"""Units from the command line: `flask --app app units from-areas`, `… units import FILE.csv`."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from backend.core import act as acts
from backend.core.act import SYSTEM
from backend.core.perform import perform, reading
from backend.domains.identity import queries
from backend.domains.identity.actions.units import Imported, import_units
from backend.domains.identity.rules.unit_file import UnitLine, read_lines
from backend.domains.territory import queries as territory
from backend.domains.territory.rules.areas import Level
from backend.entrypoints.cli import operator

group = AppGroup("units", help="Units: districts, towns, departments, contractors, communities. 单位。")

_LEVELS = (Level.DISTRICT, Level.TOWN, Level.COMMUNITY)
_MANY = 1_000_000


@group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_file(file: Path) -> None:
    """Import units from a CSV with the columns kind,code,name,name_en,area,parent_code (从 CSV 导入单位).

    kind: district, town, department, contractor or community; area: the area code that a district, town or community answers for. Parents
    stand before children or are there already. All or nothing: faults are listed by line and column. Of units that are there already names
    and parent are brought up to date, so the import may be repeated.
    """
    with operator.answering():
        _say(perform(operator.session(), acts.begin(SYSTEM), import_units, lines=read_lines(file.read_bytes())))


@group.command("from-areas")
def from_areas() -> None:
    """Found a unit for each district, town and community among the imported areas that has none (按已导入的区、镇街、社区设立单位)."""
    session, act = operator.session(), acts.begin(SYSTEM)
    with reading(session):
        codes = queries.unit_codes_by_area(session)
        areas = [area for level in _LEVELS for area in territory.list_areas(session, at=act.at, limit=_MANY, level=level.value)]
    if not areas:
        raise operator.Refused(
            "no area is in force: import areas first (flask --app app territory import FILE)",
            "尚无生效的区域：请先导入区域（flask --app app territory import 文件）",
        )
    lines = []
    unit_of: dict[str, str] = {}
    for number, area in enumerate(areas, start=1):
        known = codes.get((area.level.value, area.code))
        unit_of[area.code] = known or area.code
        if known is None:
            above = unit_of.get(area.parent) if area.parent else None
            lines.append(UnitLine(number, area.level.value, area.code, area.name, area=area.code, parent_code=above))
    with operator.answering():
        done = perform(session, act, import_units, lines=lines)
    done.unchanged += [code for code in unit_of.values() if code not in set(done.founded)]
    _say(done)


def _say(done: Imported) -> None:
    click.echo(f"{len(done.founded)} units founded, {len(done.changed)} changed, {len(done.unchanged)} unchanged.")
    click.echo(f"新设 {len(done.founded)} 个单位，更新 {len(done.changed)} 个，未变 {len(done.unchanged)} 个。")
