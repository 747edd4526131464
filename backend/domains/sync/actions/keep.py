"""Keeping: every complete line of a push, raw, before anything judges it (protocol, rule 1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.base import table_of
from backend.core.database.inserts import insert_rows
from backend.domains.findings.actions.record import reserve_numbers
from backend.domains.identity import queries as identity
from backend.domains.sync.actions.incidents import note_incident
from backend.domains.sync.model import KeptLine, Outcome, Progress, Push, VoidedSeq
from backend.domains.sync.queries.kept import JUDGED_LANES
from backend.domains.sync.queries.standing import epoch
from backend.domains.sync.rules import progress as rules
from backend.domains.sync.rules.header import Header
from backend.domains.sync.rules.lines import SEQ_AHEAD, Line, without_seq

_CHUNK = 400


@dataclass(slots=True)
class Kept:
    """What keeping a push found: lines to judge, lines known before (some under a new seq), lines kept beside with the reason."""

    fresh: list[Line] = field(default_factory=list)
    known: list[Line] = field(default_factory=list)
    renumbered: list[Line] = field(default_factory=list)
    beside: list[tuple[Line, str, str]] = field(default_factory=list)
    forked: bool = False
    chain_differs: bool = False


def keep_push(
    session: Session,
    act: Act,
    *,
    header: Header,
    lines: Sequence[Line],
    broken: bool,
    received_at: dt.datetime,
    as_sent: dict[str, Any],
) -> Kept:
    """Keep the lines and move the replica's progress. Commits nothing about their effect."""
    place = lock_progress(session, header.replica)
    kept = Kept(chain_differs=rules.differs(place, header.chain_through, header.chain_hash))
    _notice_ahead(session, act, place, header)
    push = Push(id=act.new_id(), replica=header.replica, received_at=received_at, header=as_sent, lines=len(lines), broken=broken)
    session.add(push)
    session.flush()
    sort_lines(session, act, place, lines, kept)
    rows = [_row(push.id, header.replica, line, line.lane) for line in kept.fresh]
    rows += [_row(push.id, header.replica, line, "main", again=True) for line in kept.renumbered]
    before = _known_beside(session, header.replica, [line.sha256 for line, _, _ in kept.beside])
    rows += [_row(push.id, header.replica, line, lane) for line, lane, _ in kept.beside if line.sha256 not in before]
    if rows:
        insert_rows(session, table_of(KeptLine), rows)
    move_progress(session, place)
    place.unjudged += len(kept.fresh)
    place.last_push_at = received_at
    place.outbox_depth = None if header.outbox_depth is None else max(0, header.outbox_depth - len(lines))
    place.clock_offset_ms = round((received_at - header.sent_at) / dt.timedelta(milliseconds=1))
    if kept.chain_differs:
        place.chain_differs_at = received_at
        facts = {"through": header.chain_through, "acked_through": place.acked_through}
        note_incident(session, act, kind="chain_differs", replica=header.replica, facts=facts)
        act.tell("replica.chain_differs", "replica", header.replica, through=header.chain_through)
    records = sum(line.data is not None and line.data.get("t") == "record_finding" for line in kept.fresh)
    if records:
        reserve_numbers(session, act, count=records)
    return kept


def lock_progress(session: Session, replica: UUID) -> Progress:
    """The replica's progress, locked: pushes of one replica follow each other."""
    place = session.get(Progress, replica, with_for_update=True, populate_existing=True)
    if place is None:
        place = Progress(replica=replica, acked_through=0, unjudged=0, highest=0, last_corrected_seq=0, chain=bytes(32))
        session.add(place)
        session.flush()
    return place


def sort_lines(session: Session, act: Act, place: Progress, lines: Sequence[Line], kept: Kept) -> None:
    """Tell fresh lines from known ones, and both from those that must be kept beside."""
    ops = _known_ops(session, {line.op for line in lines if line.op is not None}, act.actor.person)
    seqs = _known_seqs(session, place.replica, {line.seq for line in lines if line.seq is not None})
    for line in lines:
        if line.lane != "main":
            kept.beside.append((line, line.lane, line.fault or line.lane))
            continue
        assert line.op is not None, "read_line makes main lines of those with an op"
        assert line.seq is not None, "and a seq"
        first = ops.get(line.op)
        holder = seqs.get(line.seq)
        if first is not None and not _same(line, first, place.replica):
            kept.beside.append((line, "op_reuse", "this op id came before with other content"))
        elif holder is not None and holder != line.op:
            kept.beside.append((line, "fork", "this seq came before with another op: register a new store and resend"))
            kept.forked = True
        elif line.seq > place.acked_through + SEQ_AHEAD:
            kept.beside.append((line, "seq_range", f"seq is more than {SEQ_AHEAD} above acked_through ({place.acked_through})"))
        else:
            (kept.fresh if first is None else kept.known).append(line)
            if first is not None and holder is None:
                kept.renumbered.append(line)
            if first is None:
                ops[line.op] = _First(place.replica, True, line.sha256, line.raw)
            seqs[line.seq] = line.op


def note_pull(session: Session, act: Act, *, replica: UUID) -> None:
    """This replica pulls: for the ledger of devices. Tells nothing. Not noted while it pushes: pull works while push is stuck."""
    place = session.scalar(sa.select(Progress).where(Progress.replica == replica).with_for_update(skip_locked=True))
    if place is not None:
        place.last_pull_at = act.at


def recount(session: Session, _act: Act, *, replica: UUID) -> int:
    """Count anew how many of the replica's operations have no outcome: two stores that sent one operation at once counted it twice."""
    place = lock_progress(session, replica)
    query = (
        sa.select(sa.func.count())
        .select_from(KeptLine)
        .outerjoin(Outcome, Outcome.op == KeptLine.op)
        .where(KeptLine.replica == replica, KeptLine.lane.in_(JUDGED_LANES), sa.or_(Outcome.op.is_(None), Outcome.status == "received"))
    )
    place.unjudged = session.scalar(query) or 0
    return place.unjudged


def move_progress(session: Session, place: Progress) -> None:
    """Bring acked_through, highest and chain up to what is kept and explained."""
    above, voided = above_acked(session, place)
    through, chain = rules.advance(place.acked_through, place.chain, above, voided)
    if through > place.acked_through:
        if voided:
            _pass_voids(session, place, through)
        place.checked_through, place.checked_chain = place.acked_through, place.chain
        place.acked_through, place.chain = through, chain
    place.highest = max([place.highest, *above, *voided])
    session.flush()


def _pass_voids(session: Session, place: Progress, through: int) -> None:
    """Note which seqs are acknowledged as void now: a line that comes for one later cannot change the chain that was told."""
    lines = sa.select(KeptLine.seq).where(
        KeptLine.replica == place.replica, KeptLine.seq == VoidedSeq.seq, sa.text("kept_line.lane = 'main'")
    )
    here = (VoidedSeq.replica == place.replica, VoidedSeq.seq > place.acked_through, VoidedSeq.seq <= through)
    update = sa.update(VoidedSeq).where(*here, ~lines.exists()).values(passed=True)
    session.execute(update.execution_options(synchronize_session=False))


def above_acked(session: Session, place: Progress) -> tuple[dict[int, bytes], list[int]]:
    """The kept lines' hashes by seq, and the voided seqs, above what is acknowledged."""
    lines = sa.select(KeptLine.seq, KeptLine.sha256).where(
        KeptLine.replica == place.replica,
        KeptLine.lane == "main",
        KeptLine.seq > place.acked_through,
    )
    voids = sa.select(VoidedSeq.seq).where(VoidedSeq.replica == place.replica, VoidedSeq.seq > place.acked_through)
    return {row.seq: bytes(row.sha256) for row in session.execute(lines)}, list(session.scalars(voids))


@dataclass(frozen=True, slots=True)
class _First:
    """The first line of an op: from which replica, whether that is the same person's, its bytes, and whether the desk took it up."""

    replica: UUID
    own: bool
    sha256: bytes
    raw: bytes
    beside: bool = False


def _known_ops(session: Session, ops: Collection[UUID], person: UUID | None) -> dict[UUID, _First]:
    found: dict[UUID, _First] = {}
    owners: dict[UUID, bool] = {}
    wanted = list(ops)
    for start in range(0, len(wanted), _CHUNK):
        part = wanted[start : start + _CHUNK]
        query = (
            sa.select(KeptLine.op, KeptLine.replica, KeptLine.lane, KeptLine.sha256, KeptLine.raw)
            .join(Push, Push.id == KeptLine.push)
            .where(KeptLine.op.in_(part), KeptLine.lane.in_(JUDGED_LANES))
            .order_by(Push.received_at.desc(), KeptLine.push.desc())
        )
        for row in session.execute(query):
            if row.replica not in owners:
                owner = identity.find_replica(session, row.replica)
                owners[row.replica] = owner is not None and owner.person == person
            # The earliest comes last and stays.
            found[row.op] = _First(row.replica, owners[row.replica], bytes(row.sha256), bytes(row.raw), row.lane == "desk")
    return found


def _known_seqs(session: Session, replica: UUID, seqs: Collection[int]) -> dict[int, UUID]:
    found: dict[int, UUID] = {}
    wanted = list(seqs)
    for start in range(0, len(wanted), _CHUNK):
        part = wanted[start : start + _CHUNK]
        query = sa.select(KeptLine.seq, KeptLine.op).where(KeptLine.replica == replica, KeptLine.lane == "main", KeptLine.seq.in_(part))
        found.update((row.seq, row.op) for row in session.execute(query))
    return found


def _same(line: Line, first: _First, replica: UUID) -> bool:
    """Equal bytes; or equal JSON apart from seq: of another replica of the same person (after a fork), or of what the desk took up."""
    if line.sha256 == first.sha256 and first.replica == replica:
        return True
    if not first.own or (first.replica == replica and not first.beside):
        return False
    return line.sha256 == first.sha256 or without_seq(line.raw) == without_seq(first.raw)


def _known_beside(session: Session, replica: UUID, hashes: Sequence[bytes]) -> set[bytes]:
    """Of these hashes, those of lines that this replica sent before and that stand beside: a resend keeps them once."""
    if not hashes:
        return set()
    query = sa.select(KeptLine.sha256).where(KeptLine.replica == replica, KeptLine.lane != "main", KeptLine.sha256.in_(hashes))
    return {bytes(found) for found in session.scalars(query)}


def _row(push: UUID, replica: UUID, line: Line, lane: str, *, again: bool = False) -> dict[str, Any]:
    return {
        "push": push,
        "line": line.number,
        "replica": replica,
        "lane": lane,
        "seq": line.seq,
        "op": line.op,
        "again": again,
        "sha256": line.sha256,
        "raw": line.raw,
    }


def _notice_ahead(session: Session, act: Act, place: Progress, header: Header) -> None:
    """Notice a phone that was once acknowledged further than this server is, in this same incarnation of the database.

    Perhaps a backup was restored and nobody said so: what this phone pushes is kept and waits for an administrator; others go on.
    """
    claimed = header.chain_through or 0
    if claimed <= place.acked_through:
        if place.ahead_at is None:
            place.ahead_through = None
        return
    if place.ahead_through is not None or header.epoch not in {None, epoch(session)}:
        return
    place.ahead_through, place.ahead_at = claimed, act.at
    facts = {"through": claimed, "acked_through": place.acked_through}
    note_incident(session, act, kind="ahead_of_server", replica=place.replica, facts=facts)
    act.tell("replica.ahead", "replica", place.replica, through=claimed, acked_through=place.acked_through)
