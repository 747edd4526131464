"""Repeat problems (重复问题): the same thing at the same place, closed not long ago.

Source: the domain page, section 3, and the domain research, wish 19 (same place and category).
"""

from __future__ import annotations

import datetime as dt

REPEAT_WITHIN = dt.timedelta(days=180)
"""One that was closed longer ago is no repeat: seasons bring the same leaves."""
MOST_REPEATS = 50
"""How far a history of repeats is followed, back and forth."""


def is_repeat(*, recorded_at: dt.datetime, closed_at: dt.datetime | None, metres: float, reach: float, same_asset: bool) -> bool:
    """Whether what was recorded repeats one closed before it: of the same component, or within reach (metres) of the same category."""
    if closed_at is None or not closed_at < recorded_at <= closed_at + REPEAT_WITHIN:
        return False
    return same_asset or metres <= reach
