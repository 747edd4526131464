"""The catalogue from the command line: `flask --app app catalog import [FILE.csv] --number 1 --name … --from 2026-07-01`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click
from flask.cli import AppGroup

from backend.core import act as acts
from backend.core.act import SYSTEM
from backend.core.perform import perform
from backend.domains import catalog as package
from backend.domains.catalog import actions
from backend.entrypoints.cli import operator

group = AppGroup("catalog", help="The catalogue of categories. 案件类别目录。")

PACKAGED = Path(package.__path__[0]) / "data" / "catalog.csv"
SOURCE = "GB/T 47678.5-2026; limits of a city standard"


@group.command("import")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--number", type=click.IntRange(1, 1_000_000), required=True, help="The edition's number, above the last one's.")
@click.option("--name", required=True, help="What the edition is called.")
@click.option("--from", "since", type=click.DateTime(["%Y-%m-%d"]), required=True, help="Its first day.")
@click.option("--source", help="Where it comes from; the file's name where nothing is said.")
@click.option("--successor", "successors", multiple=True, metavar="OLD=NEW", help="For a category it retires, as event:06010=event:06099.")
def import_file(*, file: Path | None, number: int, name: str, since: dt.datetime, source: str | None, successors: tuple[str, ...]) -> None:
    """Load an edition of the catalogue from a CSV; without FILE the packaged one (导入类别目录，缺省为内置目录).

    All or nothing: faults are listed by row and column.
    """
    if unreadable := [text for text in successors if "=" not in text]:
        raise operator.Refused(f"--successor {unreadable[0]}: write OLD=NEW", f"--successor {unreadable[0]}：请写成 旧=新")
    with operator.answering():
        perform(
            operator.session(),
            acts.begin(SYSTEM),
            actions.load_edition,
            number=number,
            name=name,
            valid_from=since.date(),
            source=source or (file.name if file else SOURCE),
            csv=operator.text_of(file or PACKAGED),
            successors=dict(text.split("=", 1) for text in successors),
        )
    click.echo(f"Edition {number} is loaded, in force from {since.date()}. 第 {number} 版目录已导入，自 {since.date()} 起生效。")
