"""Areas from the command line: `flask --app app territory import FILE [--datum GCJ-02] [--from 2026-12-01]`."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import click
import orjson
from flask.cli import AppGroup

from backend.core import act as acts
from backend.core.act import SYSTEM
from backend.core.perform import perform
from backend.core.problems import Malformed
from backend.domains.territory import actions
from backend.domains.territory.rules.area_files import areas_from_csv, areas_from_geojson
from backend.domains.territory.rules.areas import AreaShape
from backend.domains.territory.rules.datums import Datum
from backend.entrypoints.cli import operator

group = AppGroup("territory", help="Areas and roads. 区域与路段。")


@group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--datum", type=click.Choice([datum.value for datum in Datum]), default=Datum.WGS84.value, show_default=True)
@click.option("--from", "since", type=click.DateTime(["%Y-%m-%d"]), help="First day of all areas, instead of each one's valid_from.")
def import_file(file: Path, datum: str, since: dt.datetime | None) -> None:
    """Import areas from GeoJSON, or from CSV where the name ends in .csv (导入区域).

    All or nothing: where the areas do not fit together every fault is listed by area code. An area ends the earlier version of its code,
    and areas of its level most of whose ground the imported ones hold.
    """
    with operator.answering():
        areas = _read(file, Datum(datum))
        if since is not None:
            areas = [replace(area, valid_from=since.date()) for area in areas]
        done = perform(operator.session(), acts.begin(SYSTEM), actions.import_areas, areas=areas)
    click.echo(f"{done.imported} areas imported, {done.ended} ended, {done.unchanged} unchanged.")
    click.echo(f"导入 {done.imported} 个区域，终止 {done.ended} 个，未变 {done.unchanged} 个。")


def _read(file: Path, datum: Datum) -> list[AreaShape]:
    body = file.read_bytes()
    try:
        if file.suffix.lower() == ".csv":
            return areas_from_csv(body.decode("utf-8"), datum=datum)
        return areas_from_geojson(orjson.loads(body), datum=datum)
    except ValueError as fault:  # bad UTF-8 and bad JSON alike
        raise Malformed(f"{file.name} is no UTF-8 text of its kind: {str(fault)[:200]}") from fault
