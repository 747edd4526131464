"""What came of a run of uploads."""

from __future__ import annotations

from dataclasses import dataclass, field

KINDS = ("drop_request", "cut_request", "drop_answer", "cut_answer", "delay", "delay_answer", "hold", "late", "twice", "twice_at_once")


@dataclass(slots=True)
class Tally:
    """`breaks`: how often an upload was given up and taken up again by a fresh client object; `own`: those it broke off on purpose."""

    client: str
    uploads: int
    bytes: int = 0
    done: int = 0
    breaks: int = 0
    own: int = 0
    seconds: float = 0.0
    line: dict[str, int] = field(default_factory=dict)
    stored: int = 0
    readable: int = 0
    failed: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether each upload came through and is there byte for byte."""
        return self.uploads == self.done == self.stored == self.readable and not self.failed

    def lines(self) -> list[str]:
        """As told to people."""
        faults = {kind: self.line.get(kind, 0) for kind in KINDS if self.line.get(kind)}
        told = ", ".join(f"{kind} {count:,}" for kind, count in faults.items())
        return [
            f"{self.client}: {self.done:,} of {self.uploads:,} uploads, {self.bytes / 1e6:,.1f} MB in {self.seconds:,.1f} s",
            f"  line: {self.line.get('requests', 0):,} requests, {sum(faults.values()):,} faults ({told})",
            f"  breaks: {self.breaks:,} uploads taken up again by a new client, {self.own:,} of them broken off on purpose",
            f"  server: {self.stored:,} stored by /blobs/status, {self.readable:,} read back with the right SHA-256",
            *(f"  FAILED {text}" for text in self.failed[:10]),
        ]
