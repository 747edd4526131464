"""The phone's clocks. Its wall clock may be wrong; the monotonic one is right for as long as the phone stays up.

With each operation goes a `Moment`: wall time, boot id, monotonic milliseconds. From these and those of the request the server works
out when it really happened; with an anchor (true time met by the way, from GNSS or a server's answer) also for a boot that has ended.
"""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

LOCAL = dt.timezone(dt.timedelta(hours=8))


@dataclass(frozen=True)
class Moment:
    """What the phone's clocks said. `mono_ms` counts sleep; None where the platform has no such clock."""

    wall: dt.datetime
    boot: str
    mono_ms: int | None

    def on_the_wire(self, wall_name: str) -> dict[str, object]:
        """As the fields of an operation (`at`) or of a push's header (`sent_at`)."""
        return {wall_name: self.wall.isoformat(timespec="milliseconds"), "boot": self.boot, "mono_ms": self.mono_ms}


@dataclass(frozen=True)
class Anchor:
    """At `mono_ms` of boot `boot` the true time was `time`; `source` says who told it."""

    boot: str
    mono_ms: int
    time: dt.datetime
    source: str


class Clock(Protocol):
    """What the phone asks for the time."""

    def now(self) -> Moment:
        """The present moment."""


class SystemClock:
    """The clocks of this machine."""

    def __init__(self) -> None:
        boot = Path("/proc/sys/kernel/random/boot_id")
        self._boot = boot.read_text("ascii").strip() if boot.exists() else None

    def now(self) -> Moment:
        """The present moment; without a boot id the monotonic clock says nothing that outlives this process."""
        counting_sleep = getattr(time, "CLOCK_BOOTTIME", None)
        mono = time.clock_gettime_ns(counting_sleep) // 1_000_000 if self._boot and counting_sleep is not None else None
        return Moment(dt.datetime.now(LOCAL), self._boot or "unknown", mono)
