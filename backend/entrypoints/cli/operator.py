"""What every command needs: the session of this application, and a problem said on the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask import current_app
from sqlalchemy.orm import Session

from backend.core.config import Settings
from backend.core.database.engine import db
from backend.core.problems import Malformed, Problem
from backend.entrypoints.demo_clock.following import whose


class Refused(click.ClickException):
    """Ends the command with status 1 and one line in each language: what is wrong, which setting, what to do."""

    def __init__(self, detail: str, detail_zh: str) -> None:
        super().__init__(f"{detail}\n错误：{detail_zh}")


def session() -> Session:
    """The database session of this command."""
    found: Session = db.session()
    found.info["wake"] = current_app.extensions.get("linping.wake")
    return found


def refuse_demo_clock(settings: Settings) -> None:
    """Raises Refused where `DEMO_CLOCK` is set on a database that holds real people: said before anything begins to run."""
    if settings.demo_clock and whose(db.engine) == "real":
        raise Refused(
            "DEMO_CLOCK is for the demo district only, and this database holds real data: leave it out",
            "DEMO_CLOCK 仅用于演示区，而此数据库为真实数据：请不要设置",
        )


@contextmanager
def answering() -> Iterator[None]:
    """A problem within ends the command with status 1, its faults line by line and the way out in both languages."""
    try:
        yield
    except Problem as problem:
        lines = [f"{problem.title} / {problem.title_zh}" + ("" if problem.errors else f": {problem.detail}")]
        lines += [f"  {pointer}: {reason}" for pointer, reason in problem.errors]
        lines += [problem.way_out, problem.way_out_zh]
        raise click.ClickException("\n".join(lines)) from problem


def text_of(file: Path) -> str:
    """The UTF-8 text of a file. Raises Malformed."""
    try:
        return file.read_bytes().decode("utf-8")
    except ValueError as fault:
        raise Malformed(f"{file.name} is no UTF-8 text: {fault}") from fault
