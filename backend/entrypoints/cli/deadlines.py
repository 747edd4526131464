"""The working calendar from the command line: `flask --app app calendar import FILE --year 2027`."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from backend.core import act as acts
from backend.core.act import SYSTEM
from backend.core.perform import perform
from backend.core.problems import Malformed
from backend.domains.deadlines import actions
from backend.domains.deadlines.rules.calendar_file import overrides_from_csv
from backend.entrypoints.cli import operator

group = AppGroup("calendar", help="The working calendar. 工作日历。")


@group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--year", type=int, required=True, help="The year that the file is for.")
def import_file(file: Path, year: int) -> None:
    """State a whole year from a CSV with the columns date,working,note_zh,note_en (导入某年的放假调休安排).

    All or nothing; what was said of the year before is replaced. Deadlines that waited for it are computed by the worker.
    """
    with operator.answering():
        try:
            text = file.read_bytes().decode("utf-8")
        except ValueError as fault:
            raise Malformed(f"{file.name} is no UTF-8 text: {fault}") from fault
        overrides = overrides_from_csv(text, years=[year])
        perform(operator.session(), acts.begin(SYSTEM), actions.add_calendar_year, year=year, overrides=overrides)
    click.echo(f"{year}: {len(overrides)} days stated. {year} 年：已录入 {len(overrides)} 天。")
