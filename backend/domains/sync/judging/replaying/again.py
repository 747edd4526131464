"""Doing it again: each act of the source's journal on the target, in order, with its own time, author and ids."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby, islice
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core import act as acts
from backend.core import deeds
from backend.core.act import SYSTEM, Act, Actor
from backend.core.perform import Step, perform, perform_run
from backend.domains.findings.actions.record import prefetch_findings
from backend.domains.identity.queries import Standing, standing_of
from backend.domains.patrols.model import Patrol
from backend.domains.sync.judging.operations import OPERATIONS
from backend.domains.sync.judging.replaying.reference import copy_reference
from backend.domains.sync.judging.replaying.walk import Done, acts_done
from backend.domains.sync.model import Outcome
from backend.domains.sync.queries.kept import KeptOperation, kept_operations
from backend.domains.sync.queries.verify.report import be_patient
from backend.domains.sync.rules.told import RESOLVED

Window = tuple[dt.datetime, dt.datetime]
_PAGE = 200
_SHOWN = 100
_NAMES = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}")
"""Ids and hashes of bytes, as payloads and arguments have them."""
_EACH_ALONE = frozenset({"findings.retire_findings", "patrols.retire_patrols", "deadlines.recompute_deadlines"})
"""Deeds on many things, each by itself: what of them is left out keeps the others from nothing."""


@dataclass(slots=True)
class Fault:
    """An act that could not be done again, or told otherwise than it did."""

    seq: int
    what: str
    detail: str
    subjects: frozenset[str] = frozenset()


@dataclass(slots=True)
class Replayed:
    """What a replay did.

    `left_out`: findings, patrols, deadlines and blobs touched by acts of before deeds were kept, or by acts about such: they cannot be
    compared.
    """

    operations: int = 0
    deeds: int = 0
    before_deeds: int = 0
    about_left_out: int = 0
    """Later acts that were not done again because what they are about was left out."""
    left_out: set[str] = field(default_factory=set)
    reference_changed: int = 0
    """The journal's number of the last change of reference data; what was done before it may come out otherwise."""
    failed: int = 0
    faults: list[Fault] = field(default_factory=list)
    told_otherwise: list[Fault] = field(default_factory=list)
    """The first acts that told something else: where differences began."""


def replay(source: Session, target: Session, *, progress: Callable[[int], object] | None = None) -> Replayed:
    """Do all acts of the source again on the target, an empty migrated SQLite database; commits on the target only.

    The source must be one snapshot. Bytes of photos are not needed. `progress` is told how many acts are done, from time to time.
    """
    be_patient(source)
    done = Replayed()
    perform(target, acts.begin(SYSTEM), copy_reference, source=source)
    before = deeds.kept_after(source)
    standings: dict[UUID, Standing] = {}
    walk = iter(acts_done(source))
    while page := list(islice(walk, _PAGE)):
        todo = list(_counted(done, page, before))
        kept = {each.op: each for batch in kept_operations(source, _ops(todo)).values() for each in batch}
        if done.left_out:
            todo = [each for each in todo if not _left_out(done, each, kept)]
        windows = _windows(source, kept)
        outcomes = _outcomes(source, kept)
        for _, run in groupby(todo, _run_of):
            _perform(done, target, [_step(done, standings, each, kept, windows, outcomes) for each in run], kept)
        if progress:
            progress(done.operations + done.deeds)
    if before:
        done.left_out |= _beside_left_out(source, done.left_out)
    return done


def _run_of(each: Done) -> tuple[object, ...]:
    """What shares a commit, and so what it knows of each other: the operations of one judgement of one replica; a deed stands alone."""
    return (each.replica, each.at) if each.kind == "operation" else (each.seq,)


def _perform(done: Replayed, target: Session, steps: list[Step[Fault | None]], kept: dict[UUID, KeptOperation]) -> None:
    operations = [kept[step.act.op].operation for step in steps if step.act.op is not None]
    findings = {each.entity for each in operations if each is not None and each.entity_type == "finding"}
    for fault in perform_run(target, steps, prepare=lambda session: prefetch_findings(session, findings)):
        if fault is not None:
            done.failed += 1
            done.faults = [*done.faults, fault][:_SHOWN]


def _counted(done: Replayed, page: Iterable[Done], before: int) -> Iterator[Done]:
    """Those of a page that are done again; the others are noted. Up to the number `before` no deeds were kept, and rules were others."""
    for each in page:
        if each.kind == "reference":
            done.reference_changed = each.seq
        elif each.seq <= before:
            done.left_out |= each.subjects()
            done.before_deeds += 1
        elif each.kind == "unkept":
            done.left_out |= each.subjects()
            done.failed += 1
            what = f"{each.told[0][0]} of {each.told[0][2]}"
            done.faults = [*done.faults, Fault(each.seq, what, "no deed was kept of the act that told this")][:_SHOWN]
        else:
            done.operations += each.kind == "operation"
            done.deeds += each.kind == "deed"
            yield each


def _left_out(done: Replayed, each: Done, kept: dict[UUID, KeptOperation]) -> bool:
    """Whether the act is about something that is left out: it is not done again, and whatever else it touched is left out, too."""
    named = each.subjects()
    if each.deed is not None and each.deed[2] not in _EACH_ALONE:
        named |= set(_NAMES.findall(each.deed[3]))
    elif each.op is not None:
        named |= set(_NAMES.findall(orjson.dumps(kept[each.op].data).decode().lower()))
    elif not named <= done.left_out:
        return False
    if named.isdisjoint(done.left_out):
        return False
    done.left_out |= each.subjects()
    done.about_left_out += 1
    if each.kind == "operation":
        done.operations -= 1
    else:
        done.deeds -= 1
    return True


def _beside_left_out(source: Session, left_out: set[str]) -> set[str]:
    """Patrols flagged for overlapping, where one of the same inspector is left out that they may overlap with."""
    flagged = source.execute(sa.select(Patrol.id, Patrol.inspector).where(Patrol.overlapping)).all()
    inspectors = {row.inspector for row in flagged if str(row.id) in left_out}
    return {str(row.id) for row in flagged if row.inspector in inspectors}


def _ops(todo: Iterable[Done]) -> list[UUID]:
    return list(dict.fromkeys(each.op for each in todo if each.op is not None))


def _windows(source: Session, kept: dict[UUID, KeptOperation]) -> dict[UUID, Window]:
    """Within which time those of an estimated time were done, where nobody vouched for it."""
    unsure = [op for op, each in kept.items() if not each.vouched and each.happened_at is None]
    query = sa.select(Outcome.op, Outcome.earliest_at).where(
        Outcome.op.in_(unsure), Outcome.earliest_at.is_not(None), Outcome.time_quality == "estimated"
    )
    return {row.op: (row.earliest_at, kept[row.op].received_at) for row in source.execute(query) if row.earliest_at is not None}


def _outcomes(source: Session, kept: Iterable[UUID]) -> dict[UUID, tuple[str, str | None]]:
    """What each came to, status and code."""
    query = sa.select(Outcome.op, Outcome.status, Outcome.code).where(Outcome.op.in_(kept))
    return {row.op: (row.status, row.code) for row in source.execute(query)}


def _step(  # noqa: PLR0917 - the last three are what the source has of a page's operations
    done: Replayed,
    standings: dict[UUID, Standing],
    each: Done,
    kept: dict[UUID, KeptOperation],
    windows: dict[UUID, Window],
    outcomes: dict[UUID, tuple[str, str | None]],
) -> Step[Fault | None]:
    act = acts.begin(SYSTEM, at=each.at)
    act.happened_at, act.device_at, act.time_quality = each.happened_at, each.device_at, each.time_quality
    act.replica, act.op = each.replica, each.op
    if each.op is not None:
        act.window = windows.get(each.op)
    if each.deed is not None:
        act = replace(act, id=each.deed[0], told=[])

    def do(session: Session, act: Act) -> Fault | None:
        session.info["numbers"] = each.numbers[::-1]
        try:
            if each.person is not None:
                act.actor = _actor(session, standings, each, kept)
            came_to = _again(session, act, each, kept)
        finally:
            session.info.pop("numbers", None)
        told = [(item.event, item.subject_type, item.subject, item.version) for item in act.told]
        if told != each.told and {kind for _, kind, _, _ in each.told} & {"finding", "patrol"}:
            fault = Fault(each.seq, _name(each), f"told {_short(each.told)}, now {_short(told)}", frozenset(each.subjects()))
            done.told_otherwise = [*done.told_otherwise, fault][:_SHOWN]
        kept_outcome = outcomes.get(each.op) if each.op is not None else None
        if came_to is None or kept_outcome is None or _same_outcome(kept_outcome, came_to):
            return None
        return Fault(each.seq, _name(each), f"it is {_outcome(kept_outcome)}, now {_outcome(came_to)}", frozenset(each.subjects()))

    def refused(_session: Session, _act: Act, fault: Exception) -> Fault | None:
        return Fault(each.seq, _name(each), f"{type(fault).__name__}: {str(fault)[:300]}", frozenset(each.subjects()))

    return Step(act=act, do=do, refused=refused)


def _actor(session: Session, standings: dict[UUID, Standing], each: Done, kept: dict[UUID, KeptOperation]) -> Actor:
    """Its author with the roles of then; of a vouched operation with those that count by the word of a supervisor, too."""
    assert each.person is not None, "asked for people only"
    if each.person not in standings:
        standings[each.person] = standing_of(session, each.person)
    standing = standings[each.person]
    actor = standing.actor_at(each.happened_at)
    operation = kept.get(each.op) if each.op is not None else None
    if operation is not None and operation.vouched and operation.operation is not None:
        roles = OPERATIONS[operation.operation.verb, operation.operation.version].roles
        ever = [grant for grant in standing.grants if grant.role in roles]
        return replace(actor, grants=tuple(dict.fromkeys([*actor.grants, *ever])))
    return actor


def _same_outcome(kept: tuple[str, str | None], now: tuple[str, str | None]) -> bool:
    """Whether that is what it came to; what the desk made final since was a conflict, and the journal holds how it ended."""
    return kept == now or (kept[0] == "merged" and (kept[1] or "").startswith(RESOLVED) and now[0] == "conflict")


def _outcome(of: tuple[str, str | None]) -> str:
    return of[0] + (f" ({of[1]})" if of[1] else "")


def _again(session: Session, act: Act, each: Done, kept: dict[UUID, KeptOperation]) -> tuple[str, str | None] | None:
    """Do it; status and code of an operation on what is replayed."""
    if each.deed is not None:
        _, act.made, name, arguments = each.deed
        deeds.do_again(session, act, name, arguments)
        return None
    assert each.op is not None, "an operation"
    operation = kept[each.op].operation
    assert operation is not None, "one that was done is readable"
    act.base, act.seq = operation.base, operation.seq
    known = OPERATIONS[operation.verb, operation.version]
    if known.model is None:  # those on a replica are sync's own
        return None
    status, code, _, _ = known.do(session, act, operation.entity, known.schema.load(operation.payload))
    return status, code


def _name(each: Done) -> str:
    return f"operation {each.op}" if each.deed is None else f"deed {each.deed[2]}"


def _short(told: list[tuple[str, str, str, int]]) -> str:
    return ", ".join(f"{event} {subject} v{version}" for event, _, subject, version in told[:5]) or "nothing"
