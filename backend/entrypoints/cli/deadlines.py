"""The working calendar from the command line: `flask --app app calendar import FILE --year 2027`."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from backend.core import act as acts
from backend.core.act import SYSTEM
from backend.core.perform import perform
from backend.domains import deadlines as package
from backend.domains.deadlines import actions
from backend.domains.deadlines.rules.calendar_file import overrides_from_csv
from backend.entrypoints.cli import operator

group = AppGroup("calendar", help="The working calendar. 工作日历。")


PACKAGED = Path(package.__path__[0]) / "data" / "calendar_cn.csv"
PACKAGED_YEARS = (2025, 2026)


@group.command("import")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--year", type=int, help="The year that the file is for.")
def import_file(file: Path | None, year: int | None) -> None:
    """State a whole year from a CSV with the columns date,working,note_zh,note_en (导入某年的放假调休安排).

    All or nothing; what was said of the year before is replaced. Deadlines that waited for it are computed by the worker. Without FILE the
    packaged years 2025 and 2026, where nothing is said of them yet (不指定文件时导入内置的 2025、2026 年).
    """
    if (file is None) != (year is None):
        raise operator.Refused("name both, FILE and --year, or neither", "请同时指定文件和 --year，或都不指定")
    session, act = operator.session(), acts.begin(SYSTEM)
    with operator.answering():
        if file is None or year is None:
            rows = perform(session, act, actions.load_calendar_csv, text=operator.text_of(PACKAGED), years=PACKAGED_YEARS)
            years = [row.year for row in rows]
            click.echo(f"{len(years)} years stated: {', '.join(map(str, years)) or 'none'}. 已录入 {len(years)} 个年份。")
            return
        overrides = overrides_from_csv(operator.text_of(file), years=[year])
        perform(session, act, actions.add_calendar_year, year=year, overrides=overrides)
    click.echo(f"{year}: {len(overrides)} days stated. {year} 年：已录入 {len(overrides)} 天。")
