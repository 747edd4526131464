"""Where the server and a replica stand: epoch, progress, who owns it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Actor
from backend.core.journal import Clock
from backend.domains.identity import queries as identity
from backend.domains.identity.model import Replica
from backend.domains.identity.rules.replicas import ReplicaMissing
from backend.domains.sync.model import KeptLine, Progress, VoidedSeq
from backend.domains.sync.rules import progress as rules


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a replica is, as answered to it."""

    acked_through: int
    highest: int
    missing: list[tuple[int, int]]
    chain: str
    last_pull_at: dt.datetime | None = None


def epoch(session: Session) -> str:
    """The incarnation of this database."""
    return str(session.scalar(sa.select(Clock.epoch)))


def standing(session: Session, replica: UUID) -> Standing:
    """How far the replica is."""
    place = session.get(Progress, replica)
    if place is None:
        return Standing(0, 0, [], bytes(32).hex())
    above: list[int] = []
    voided: list[int] = []
    if place.highest > place.acked_through:
        lines = sa.select(KeptLine.seq).where(KeptLine.replica == replica, KeptLine.lane == "main", KeptLine.seq > place.acked_through)
        above = [seq for seq in session.scalars(lines) if seq is not None]
        voids = sa.select(VoidedSeq.seq).where(VoidedSeq.replica == replica, VoidedSeq.seq > place.acked_through)
        voided = list(session.scalars(voids))
    missing = rules.missing(place.acked_through, above, voided)
    return Standing(place.acked_through, place.highest, missing, place.chain.hex(), place.last_pull_at)


def own_replica(session: Session, replica: UUID, reader: Actor) -> Replica:
    """The reader's own replica; of another's nothing is told. Raises ReplicaMissing."""
    row = identity.find_replica(session, replica)
    if row is None or row.person != reader.person:
        raise ReplicaMissing(f"no replica {replica}")
    return row
