"""The list of exceptions: what sync could not settle by itself, the oldest first, each kind by its index, in one statement."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core import cursors
from backend.core.database.base import UtcDateTime
from backend.domains.evidence.model import Photo
from backend.domains.identity.model import Replica
from backend.domains.sync.model import LISTED, Decision, Incident, KeptLine, Outcome, Progress, Push, VoidedSeq
from backend.domains.sync.queries.kept import JUDGED_LANES
from backend.domains.sync.queries.reach import WHEN, finding_of, within
from backend.domains.sync.rules.desk import KINDS, OVERDUE, PHOTO_OVERDUE, Desk, ExceptionMissing

ABOUT = {"beside": "line", "hole": "hole", "photo_missing": "photo", "incident": "incident"}
"""What the key of an exception begins with; of all others with `op`."""
_NO_ID = sa.cast(sa.null(), sa.Uuid())
_NO_NUMBER = sa.cast(0, sa.BigInteger())


@dataclass(frozen=True, slots=True)
class Listed:
    """One exception: its kind, since when it stands, what it is about, and whose it is."""

    kind: str
    at: dt.datetime
    subject: UUID
    number: int
    replica: UUID | None
    person: UUID | None
    finding: UUID | None

    @property
    def about(self) -> str:
        """`op`, `line`, `hole`, `photo` or `incident`."""
        return ABOUT.get(self.kind, "op")

    @property
    def key(self) -> str:
        """Its name in paths."""
        return f"{self.about}:{self.subject}" + (f":{self.number}" if self.about in {"line", "hole"} else "")


def list_exceptions(
    session: Session, desk: Desk, *, now: dt.datetime, kind: str | None, limit: int, cursor: str | None
) -> tuple[list[Listed], str | None, dict[str, int]]:
    """A page for this desk, the cursor of the next, and how many there are of each kind."""
    listed = _listed(desk, now).cte("listed")
    after = cursors.unpack("exceptions", cursor, cursors.moment, cursors.text, cursors.key, cursors.number)
    query = sa.select(listed)
    if kind is not None:
        query = query.where(listed.c.kind == kind)
    if after is not None:
        query = query.where(sa.tuple_(listed.c.at, listed.c.kind, listed.c.subject, listed.c.number) > _literals(*after))
    order = (listed.c.at, listed.c.kind, listed.c.subject, listed.c.number)
    rows = [Listed(*row) for row in session.execute(query.order_by(*order).limit(limit + 1))]
    counted = session.execute(sa.select(listed.c.kind, sa.func.count()).group_by(listed.c.kind))
    counts = {**dict.fromkeys(KINDS, 0), **{row[0]: row[1] for row in counted}}
    last = rows[limit - 1] if len(rows) > limit else None
    return (
        rows[:limit],
        cursors.pack("exceptions", last.at.isoformat(), last.kind, str(last.subject), last.number) if last else None,
        counts,
    )


def get_exception(session: Session, desk: Desk, key: str, *, now: dt.datetime) -> Listed:
    """The exception of this key, if it stands open for this desk. Raises ExceptionMissing."""
    about, subject, number = read_key(key)
    listed = _listed(desk, now, subject=subject).cte("listed")
    for row in session.execute(sa.select(listed).where(listed.c.subject == subject, listed.c.number == number)):
        found = Listed(*row)
        if found.about == about:
            return found
    raise ExceptionMissing(f"no exception {key} stands open for your areas")


def read_key(key: str) -> tuple[str, UUID, int]:
    """What a key is about: its kind of subject, the id, and the number of a line or hole. Raises ExceptionMissing."""
    about, _, rest = key.partition(":")
    name, _, number = rest.partition(":")
    fits = about in {"op", *ABOUT.values()} and bool(number) == (about in {"line", "hole"}) and len(number) <= 18
    try:
        subject, counted = UUID(name), int(number or 0)
    except ValueError:
        fits = False
    if not fits:
        raise ExceptionMissing(f"no exception is named {key[:80]!r}")
    return about, subject, counted


def _listed(desk: Desk, now: dt.datetime, *, subject: UUID | None = None) -> sa.CompoundSelect[Any]:
    """All that stands open for this desk; with `subject` only what is about it, so that one is found without listing all."""
    return sa.union_all(
        _operations(desk, now, subject),
        _unjudged(desk, now, subject),
        _lines(desk, subject),
        _holes(desk, now, subject),
        _photos(desk, now, subject),
        _incidents(desk, subject),
    )


def _operations(desk: Desk, now: dt.datetime, subject: UUID | None) -> sa.Select[*tuple[Any, ...]]:
    kind = sa.case(
        (Outcome.code == "time_uncertain", sa.literal("time_uncertain")),
        (Outcome.status == "rejected", sa.literal("rejected")),
        (Outcome.status.in_(("deferred", "received")), sa.literal("waiting")),
        else_=sa.literal("late_evidence"),
    )
    query = sa.select(
        kind.label("kind"),
        Outcome.kept_at.label("at"),
        Outcome.op.label("subject"),
        _NO_NUMBER.label("number"),
        Outcome.replica.label("replica"),
        Outcome.person.label("person"),
        finding_of().label("finding"),
    ).where(
        sa.text(LISTED),
        Outcome.status != "conflict",
        sa.or_(
            Outcome.status.not_in(("deferred", "received")),
            sa.func.coalesce(Outcome.code, "") == "time_uncertain",
            Outcome.kept_at <= now - OVERDUE,
        ),
        within(desk, finding=finding_of(), person=Outcome.person, moments=WHEN),
    )
    return query if subject is None else query.where(Outcome.op == subject)


def _unjudged(desk: Desk, now: dt.datetime, subject: UUID | None) -> sa.Select[*tuple[Any, ...]]:
    """Operations that were kept and that nobody could judge at all: they have no outcome yet."""
    query = (
        sa.select(
            sa.literal("waiting"), Push.received_at, KeptLine.op, _NO_NUMBER, KeptLine.replica, Replica.person, _NO_ID.label("finding")
        )
        .select_from(Progress)
        .join(KeptLine, sa.and_(KeptLine.replica == Progress.replica, KeptLine.lane.in_(JUDGED_LANES), KeptLine.again.is_(False)))
        .join(Push, Push.id == KeptLine.push)
        .join(Replica, Replica.id == KeptLine.replica)
        .outerjoin(Outcome, Outcome.op == KeptLine.op)
        .where(
            Progress.unjudged > 0,
            Outcome.op.is_(None),
            Push.received_at <= now - OVERDUE,
            within(desk, finding=_NO_ID, person=Replica.person, moments=(Push.received_at,)),
        )
    )
    return query if subject is None else query.where(KeptLine.op == subject)


def _lines(desk: Desk, subject: UUID | None) -> sa.Select[*tuple[Any, ...]]:
    query = (
        sa.select(
            sa.literal("beside"), Push.received_at, KeptLine.push, KeptLine.line, KeptLine.replica, Replica.person, _NO_ID.label("finding")
        )
        .join(Push, Push.id == KeptLine.push)
        .join(Replica, Replica.id == KeptLine.replica)
        .where(
            sa.text("lane <> 'main'"),  # literally as the partial index has it
            KeptLine.lane.not_in(JUDGED_LANES),
            ~_decided("line", KeptLine.push, KeptLine.line),
            within(desk, finding=_NO_ID, person=Replica.person, moments=(Push.received_at,)),
        )
    )
    return query if subject is None else query.where(KeptLine.push == subject)


def _holes(desk: Desk, now: dt.datetime, subject: UUID | None) -> sa.Select[*tuple[Any, ...]]:
    """Ranges of missing seqs by their first, standing since something above them arrived."""
    behind = sa.select(Progress).where(Progress.highest > Progress.acked_through)
    if subject is not None:
        behind = behind.where(Progress.replica == subject)
    place = behind.subquery("place")
    kept = (
        sa.select(place.c.replica, place.c.acked_through, KeptLine.seq, Push.received_at.label("at"))
        .join(KeptLine, sa.and_(KeptLine.replica == place.c.replica, KeptLine.lane == "main", KeptLine.seq > place.c.acked_through))
        .join(Push, Push.id == KeptLine.push)
    )
    voided = sa.select(place.c.replica, place.c.acked_through, VoidedSeq.seq, place.c.last_push_at).join(
        VoidedSeq, sa.and_(VoidedSeq.replica == place.c.replica, VoidedSeq.seq > place.c.acked_through)
    )
    there = sa.union_all(kept, voided).subquery("there")
    before = sa.func.lag(there.c.seq).over(partition_by=there.c.replica, order_by=there.c.seq)
    since = sa.func.min(there.c.at, type_=UtcDateTime()).over(partition_by=there.c.replica, order_by=there.c.seq.desc())
    steps = sa.select(
        there.c.replica, there.c.seq, sa.func.coalesce(before, there.c.acked_through).label("before"), since.label("at")
    ).subquery("steps")
    first = steps.c.before + 1
    return (
        sa.select(sa.literal("hole"), steps.c.at, steps.c.replica, first, steps.c.replica, Replica.person, _NO_ID.label("finding"))
        .join(Replica, Replica.id == steps.c.replica)
        .where(
            steps.c.seq > first,
            steps.c.at <= now - OVERDUE,
            ~_decided("hole", steps.c.replica, first),
            within(desk, finding=_NO_ID, person=Replica.person, moments=(steps.c.at,)),
        )
    )


def _photos(desk: Desk, now: dt.datetime, subject: UUID | None) -> sa.Select[*tuple[Any, ...]]:
    query = sa.select(
        sa.literal("photo_missing"), Photo.declared_at, Photo.id, _NO_NUMBER, Photo.replica, Photo.declared_by, Photo.subject
    ).where(
        sa.text("state = 'declared'"),  # literally as the partial index has it
        Photo.waived_at.is_(None),
        Photo.retracted_at.is_(None),
        Photo.declared_at <= now - PHOTO_OVERDUE,
        ~_decided("photo", Photo.id, _NO_NUMBER),
        within(desk, finding=Photo.subject, person=Photo.declared_by, moments=(Photo.declared_at,)),
    )
    return query if subject is None else query.where(Photo.id == subject)


def _incidents(desk: Desk, subject: UUID | None) -> sa.Select[*tuple[Any, ...]]:
    query = (
        sa.select(sa.literal("incident"), Incident.at, Incident.id, _NO_NUMBER, Incident.replica, Replica.person, _NO_ID.label("finding"))
        .outerjoin(Replica, Replica.id == Incident.replica)
        .where(Incident.closed_at.is_(None), within(desk, finding=_NO_ID, person=Replica.person, moments=(Incident.at,)))
    )
    return query if subject is None else query.where(Incident.id == subject)


def _decided(about: str, subject: Any, number: Any) -> sa.Exists:
    """Whether somebody took it off the list, or made an operation of it."""
    return (
        sa.select(sa.literal(1))
        .where(
            Decision.about == about,
            Decision.subject == subject,
            Decision.number == number,
            Decision.kind.in_(("dismissed", "repaired")),
        )
        .exists()
    )


def _literals(at: dt.datetime, kind: str, subject: UUID, count: int) -> sa.Tuple:
    return sa.tuple_(sa.literal(at, UtcDateTime()), sa.literal(kind), sa.literal(subject, sa.Uuid()), sa.literal(count, sa.BigInteger()))
