"""Green, yellow, red: how near a deadline is. Source: the domain page, section 4 (green to 80 %, yellow to 100 %, red beyond)."""

from __future__ import annotations

import datetime as dt
from typing import Literal

Colour = Literal["green", "yellow", "red"]


def colour_of(due: dt.datetime | None, yellow_from: dt.datetime | None, now: dt.datetime) -> Colour | None:
    """The colour at this moment; None where nothing is due. At the deadline itself it is still yellow."""
    if due is None:
        return None
    if now > due:
        return "red"
    return "yellow" if yellow_from is not None and now >= yellow_from else "green"
