"""I1 and I4: per replica the kept seqs are whole, and the chain over them is what the replica was told."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.domains.sync.model import KeptLine, Progress, VoidedSeq
from backend.domains.sync.queries.verify.report import Violation, stream

_MAIN = sa.text("lane = 'main'")  # literally as the partial index has it: SQLite takes it for nothing else


@dataclass(slots=True)
class Sequences:
    """What the sequences of all replicas come to."""

    replicas: int = 0
    voided: int = 0
    holes: int = 0
    """Seqs below the highest seen that a phone may still send."""
    with_holes: list[dict[str, object]] = field(default_factory=list)
    beside: Counter[str] = field(default_factory=Counter)


def sequences(session: Session, found: Sequences) -> Iterator[Violation]:
    """Every replica's sequence against its progress; then the bytes of the lines beside."""
    for place in session.connection().execute(sa.select(Progress.__table__).order_by(Progress.replica)).all():
        found.replicas += 1
        yield from _sequence(session, place, found)
    known = sa.select(Progress.replica).where(Progress.replica == KeptLine.replica).exists()
    for row in stream(session, sa.select(KeptLine.replica).where(_MAIN, ~known).distinct()):
        yield Violation("I1", f"replica {row.replica}", "its lines are kept, and nothing says how far it is")
    yield from _beside(session, found)


@dataclass(slots=True)
class _Walk:
    """Along the seqs of one replica: through which all is there, the chain up to there and up to what was acknowledged."""

    voids: set[int]
    passed: set[int]
    """Those of them that were acknowledged as void: a line that came later stands outside the chain."""
    acked: int
    through: int = 0
    chain: bytes = bytes(32)
    acked_chain: bytes = bytes(32)
    highest: int = 0
    above: set[int] = field(default_factory=set)
    """Kept seqs beyond the first hole."""

    def take(self, seq: int, sha256: bytes) -> None:
        self.highest = seq
        if seq in self.passed:
            self._pass_voids(seq + 1)
            return
        self._pass_voids(seq)
        if seq != self.through + 1:
            self.above.add(seq)
            return
        self.through, self.chain = seq, hashlib.sha256(self.chain + sha256).digest()
        if seq <= self.acked:
            self.acked_chain = self.chain

    def end(self) -> None:
        self._pass_voids(None)
        self.highest = max(self.highest, *self.voids, 0)

    def _pass_voids(self, before: int | None) -> None:
        while self.through + 1 in self.voids and (before is None or self.through + 1 < before) and not self.above:
            self.through += 1

    @property
    def missing(self) -> int:
        """How many seqs below the highest are neither kept nor explained."""
        return self.highest - self.through - len(self.above | {seq for seq in self.voids if seq > self.through})


def _sequence(session: Session, place: sa.Row[tuple[object, ...]], found: Sequences) -> Iterator[Violation]:
    subject = f"replica {place.replica}"
    voids = session.execute(sa.select(VoidedSeq.seq, VoidedSeq.passed).where(VoidedSeq.replica == place.replica)).all()
    walk = _Walk({row.seq for row in voids}, {row.seq for row in voids if row.passed}, place.acked_through)
    query = sa.select(KeptLine.seq, KeptLine.sha256, KeptLine.raw).where(_MAIN, KeptLine.replica == place.replica).order_by(KeptLine.seq)
    for row in stream(session, query):
        if hashlib.sha256(row.raw).digest() != row.sha256:
            yield Violation("I4", f"{subject} seq {row.seq}", "the line's bytes are not those whose hash was kept")
        walk.take(row.seq, row.sha256)
    walk.end()
    found.voided += len(walk.voids)
    found.holes += walk.missing
    if walk.missing:
        gap = {"replica": place.replica, "acked_through": place.acked_through, "highest": walk.highest, "missing": walk.missing}
        found.with_holes.append(gap)
    yield from _compared(subject, place, walk)


def _compared(subject: str, place: sa.Row[tuple[object, ...]], walk: _Walk) -> Iterator[Violation]:
    """What was found against what the replica was told."""
    acked, through = place.acked_through, walk.through
    if acked > through:
        yield Violation("I1", f"{subject} seq {through + 1}", f"acknowledged through {acked}, yet neither kept nor explained as void")
    elif acked < through:
        yield Violation("I1", subject, f"acknowledged through {acked}, although 1 to {through} are kept or explained")
    elif place.chain != walk.acked_chain:
        yield Violation("I4", subject, f"the chain through {through} is {walk.acked_chain.hex()}, the replica was told {place.chain.hex()}")
    if place.highest != walk.highest:
        yield Violation(
            "I1", subject, f"the highest seq said to be seen is {place.highest}, what is kept and explained ends with {walk.highest}"
        )


def _beside(session: Session, found: Sequences) -> Iterator[Violation]:
    """The bytes of what stands beside a sequence; of a line that was too large only the beginning was kept."""
    query = sa.select(KeptLine.push, KeptLine.line, KeptLine.lane, KeptLine.sha256, KeptLine.raw).where(KeptLine.lane != "main")
    for row in stream(session, query):
        found.beside[row.lane] += 1
        if row.lane != "too_large" and hashlib.sha256(row.raw).digest() != row.sha256:
            yield Violation("I4", f"push {row.push} line {row.line}", f"the bytes ({row.lane}) are not those whose hash was kept")
