"""Whether this installation may follow the demo's clock: only once the demo's own mark was seen in its database.

Off unless the setting `DEMO_CLOCK` says otherwise. Every process, server, worker or command, looks when it first needs to know the time.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import Literal

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.engine import Engine

from backend.core import clock
from backend.core.config import Settings, clock_begins
from backend.core.database.engine import db
from backend.core.problems import Forbidden
from backend.core.revisions import Revision
from backend.domains.identity.model import Person

MARK = "demo"
"""The revision that the demo's seed leaves in its database, in the commit that fills it; no other has it."""

log = logging.getLogger(__name__)


class DemoClockOff(Forbidden):
    """This installation keeps the true time."""

    slug = "demo_clock_off"
    title = "The time cannot be set here"
    title_zh = "此处不能设定时间"
    way_out = "Only an installation that serves the demo district and was started with DEMO_CLOCK=on lets an administrator set its clock."
    way_out_zh = "仅演示区且以 DEMO_CLOCK=on 启动的系统允许管理员设定时钟。"


def install(app: Flask) -> None:
    """Keep the true time; where `DEMO_CLOCK` is set, until the demo is seen in the database. Nothing is asked of it before that matters."""
    settings: Settings = app.extensions["linping.settings"]
    clock.follow(None)
    if settings.demo_clock:
        with app.app_context():
            clock.look_first(partial(_look, settings, db.engine))


def begin(settings: Settings) -> None:
    """Follow it from here where the setting says so: an empty database is about to become the demo's, and its seed is of that time."""
    if settings.demo_clock:
        clock.follow(settings.data_folder, begins=clock_begins(settings))


def whose(engine: Engine) -> Literal["demo", "real", "nobody"]:
    """Whose database this is: the demo's, that of real people, or nobody's as yet, be it without tables.

    One statement on a connection of its own: the seed's people and its mark are seen together, whatever transaction the asker is in.
    """
    marked, people = (sa.exists().where(Revision.name == MARK), sa.select(Person.id).exists())
    try:
        with engine.connect() as connection:
            demo, peopled = connection.execute(sa.select(marked, people)).one()
    except sa.exc.SQLAlchemyError:
        return "nobody"
    if demo:
        return "demo"
    return "real" if peopled else "nobody"


def _look(settings: Settings, engine: Engine) -> None:
    found = whose(engine)
    if found == "demo":
        begin(settings)
    elif found == "real":
        clock.follow(None)
        log.error("DEMO_CLOCK is set, but this is no demo district: the true time is kept. Leave DEMO_CLOCK out")
