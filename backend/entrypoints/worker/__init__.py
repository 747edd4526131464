"""What happens by itself: reactions to the journal, and sweeps of what is due. Tasks run in huey's consumer (`flask worker`).

A commit that told something wakes the worker; once a minute it wakes by itself. Every task may run twice or on two machines at once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from huey import PostgresHuey, SqliteHuey, crontab
from huey.api import Huey

from backend.core.config import Settings

log = logging.getLogger(__name__)
_PAUSE_S = 0.25
"""One waking serves all commits of this time: a tick that runs after them sees them all."""


def queue(settings: Settings) -> Huey:
    """The job queue: beside the database on PostgreSQL, a file of its own on SQLite."""
    if settings.database_url.startswith("postgresql"):
        return PostgresHuey("linping", dsn=settings.database_url.replace("+psycopg", "", 1), results=False)
    settings.data_folder.mkdir(parents=True, exist_ok=True)
    return SqliteHuey("linping", filename=str(settings.data_folder / "jobs.sqlite3"), results=False)


class Jobs:
    """The tasks on their queue. The worker fills `run` with what each does; the web processes only enqueue."""

    def __init__(self, huey: Huey) -> None:
        self.huey = huey
        self.run: dict[str, Callable[[], object]] = {}
        run = self.run

        def named(name: str) -> Callable[[], None]:
            def body() -> None:
                run[name]()

            body.__name__ = name
            return body

        self.tick = huey.task(name="tick")(named("tick"))
        self.examine = huey.task(name="examine")(named("examine"))
        self.deliver = huey.task(name="deliver")(named("deliver"))
        huey.periodic_task(crontab(minute="*"), name="minutely")(named("minutely"))
        huey.periodic_task(crontab(minute="15", hour="18"), name="nightly")(named("nightly"))  # UTC: 02:15 in the district
        huey.periodic_task(crontab(minute="15", hour="19", day_of_week="6"), name="weekly")(named("weekly"))  # 03:15 on Sunday there


def waker(settings: Settings) -> Callable[[], None]:
    """What a process calls after each commit that told something. Touches the queue only when first called, so after any fork."""
    lock = threading.Lock()
    state: dict[str, Any] = {"jobs": None, "next": 0.0}

    def wake() -> None:
        now = time.monotonic()
        with lock:
            if now < state["next"]:
                return
            state["next"] = now + _PAUSE_S
            try:
                state["jobs"] = state["jobs"] or Jobs(queue(settings))
                state["jobs"].tick.schedule(delay=_PAUSE_S)
            except Exception:
                # What was committed stands, whatever becomes of the queue: the worker looks once a minute by itself.
                log.exception("the worker could not be woken")

    return wake
