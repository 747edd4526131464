"""What is kept of a setting of the demo's clock: the journal says who set it, and to what."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from backend.core.act import Act


def set_demo_clock(_session: Session, act: Act, *, at: dt.datetime | None, stands: bool) -> None:
    """Tell it; the file that all processes read is written after the commit (`core/clock.py`)."""
    act.tell("demo.clock_set", "demo", "clock", at=at, stands=stands)
