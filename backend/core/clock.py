"""What time it is. `act.begin` asks here, and nothing else reads a clock.

The true time; but an installation that serves the demo district may follow a clock of its own (`DEMO_CLOCK`), so that a month passes in
minutes. It is a small file in the data folder: whichever process asks reads it anew, so all of them follow at once.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

NAME = "demo-clock.json"
_followed: Path | None = None
_look: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """The demo's clock showed `at` at the true moment `since`; since then it has run, or it `stands`."""

    at: dt.datetime
    since: dt.datetime
    stands: bool

    def shows(self, true: dt.datetime) -> dt.datetime:
        """What it shows at this true moment, in UTC."""
        return (self.at if self.stands else self.at + (true - self.since)).astimezone(dt.UTC)


def now() -> dt.datetime:
    """The time, in UTC: the true one, or what the demo's clock shows."""
    found = setting()
    true = _true()
    return true if found is None else found.shows(true)


def follow(folder: Path | None, *, begins: dt.datetime | None = None) -> None:
    """From now on this process follows the demo's clock in this folder, None: the true time only.

    `begins`: where no clock was set yet, it is set to this moment, and stands.
    """
    global _followed, _look  # noqa: PLW0603 - time is one for all of a process, and `begin` is called where there is no application
    _followed = None if folder is None else folder / NAME
    _look = None
    if _followed is not None and begins is not None and not _followed.exists():
        put(begins, stands=True)


def look_first(look: Callable[[], None]) -> None:
    """Call this whenever the time is asked for, until it has called `follow`: it sees whether a demo is served."""
    global _look  # noqa: PLW0603 - as above
    _look = look


def setting() -> Setting | None:
    """How the demo's clock is set; None where it is not set, or not followed."""
    if (look := _look) is not None:
        look()
    return None if (followed := _followed) is None else _read(followed)


def put(at: dt.datetime | None, *, stands: bool) -> None:
    """Set the demo's clock, for all processes; None: back to the true time. Only where it is followed.

    Raises OSError where the folder cannot be written to.
    """
    if _followed is None:
        raise RuntimeError("no demo clock is followed")
    if at is None:
        _followed.unlink(missing_ok=True)
        return
    kept = {"at": at.isoformat(), "since": _true().isoformat(), "stands": stands}
    fresh = _followed.with_suffix(f".{os.getpid()}-{threading.get_native_id()}")
    _followed.parent.mkdir(parents=True, exist_ok=True)
    fresh.write_text(json.dumps(kept), "utf-8")
    fresh.replace(_followed)


def _read(path: Path) -> Setting | None:
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return None
    kept = json.loads(text)
    return Setting(dt.datetime.fromisoformat(kept["at"]), dt.datetime.fromisoformat(kept["since"]), kept["stands"])


def _true() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
