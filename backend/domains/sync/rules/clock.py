"""Corrected time: when something happened, told from the phone's clocks and ours (protocol, section 6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from backend.core.act import TimeQuality
from backend.domains.sync.rules.envelope import Operation
from backend.domains.sync.rules.header import Anchor, Header

_LONGEST_MS = 400 * 86_400_000
"""No phone stays up for more than a year: a larger difference is a broken counter, and the next way is taken."""


def corrected(
    operation: Operation,
    header: Header,
    received_at: dt.datetime,
    previous: dt.datetime | None,
) -> tuple[dt.datetime, TimeQuality]:
    """The corrected time of an operation and how it was found.

    Same boot as the request: `exact`, from the monotonic clock alone. Else the nearest anchor of that boot: `anchored`. Else the wall clock
    plus its present offset, clamped between the previous operation's corrected time and receipt: `estimated`. Never after receipt.
    """
    mono = operation.mono_ms
    if mono is not None and operation.boot is not None:
        if operation.boot == header.boot and header.mono_ms is not None and 0 <= header.mono_ms - mono <= _LONGEST_MS:
            return received_at - dt.timedelta(milliseconds=header.mono_ms - mono), "exact"
        anchor = _nearest(operation.boot, mono, header.anchors)
        if anchor is not None:
            return min(_shifted(anchor.time, dt.timedelta(milliseconds=mono - anchor.mono_ms)), received_at), "anchored"
    guess = _shifted(operation.at, received_at - header.sent_at)
    if previous is not None:
        guess = max(guess, previous)
    return min(guess, received_at), "estimated"


def window_of(
    estimate: dt.datetime, received_at: dt.datetime, *, previous: dt.datetime | None, registered_at: dt.datetime
) -> tuple[dt.datetime, dt.datetime]:
    """Within which times one of an estimated time was done: after the operation before it, else its store's registration; before receipt.

    Never later than the estimate: a store that was registered anew after a fork sends what was done before its registration.
    """
    return min(previous or registered_at, estimate), received_at


def _nearest(boot: str, mono: float, anchors: Sequence[Anchor]) -> Anchor | None:
    own = [anchor for anchor in anchors if anchor.boot == boot and abs(anchor.mono_ms - mono) <= _LONGEST_MS]
    return min(own, key=lambda anchor: abs(anchor.mono_ms - mono), default=None)


def _shifted(moment: dt.datetime, by: dt.timedelta) -> dt.datetime:
    try:
        return moment + by
    except OverflowError:
        return moment
