"""What the tasks do, as plain functions of the application: a test and an operator call them without a queue."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from uuid import UUID

from flask import Flask

from backend.core import act as acts
from backend.core.act import SYSTEM, Act
from backend.core.http.callers import session
from backend.core.perform import perform, reading
from backend.core.reactions import Reaction, catch_up
from backend.domains.deadlines import actions as deadlines
from backend.domains.evidence import queries as evidence
from backend.domains.identity.actions import sessions
from backend.domains.sync.actions.keep import recount
from backend.domains.sync.judging.judge import judge, judge_woken
from backend.domains.sync.judging.operations import OPERATIONS, operation_key
from backend.domains.sync.queries.kept import KeptOperation, kept_operations, replicas_behind, unjudged, waiting_for
from backend.entrypoints.worker import deliveries, photos
from backend.entrypoints.worker.reactions import REACTIONS
from backend.entrypoints.worker.sweeps import sweep

log = logging.getLogger(__name__)
_ROUNDS = 50
_LEFT_ALONE = dt.timedelta(seconds=30)
"""A push judges its own operations; what has no outcome after this long was left by a crash or a full time budget."""


def react(app: Flask) -> int:
    """Work through the journal until nothing follows any more; how many entries were worked on. A reaction that is stuck stops no other."""
    done = 0
    with app.app_context():
        while count := sum(_caught_up(reaction) for reaction in REACTIONS):
            done += count
    return done


def _caught_up(reaction: Reaction) -> int:
    try:
        return catch_up(session(), reaction)
    except Exception:
        log.exception("a reaction is stuck", extra={"reaction": reaction.name})
        return 0


def each(app: Flask, *steps: Callable[[Flask], object]) -> None:
    """Do all the steps; one that fails is logged and keeps no other from its turn."""
    for step in steps:
        try:
            step(app)
        except Exception:
            log.exception("a step of the worker failed", extra={"step": getattr(step, "__name__", str(step))})


def judge_left(app: Flask, *, after: dt.timedelta = _LEFT_ALONE, limit: int = 200) -> int:
    """Judge operations kept without an outcome, those of a type known by now, and those that wait for nothing any more.

    How many changed. A replica whose operations cannot be judged is logged and stops no other.
    """
    changed = 0
    with app.app_context():
        act = acts.begin(SYSTEM)
        for _ in range(_ROUNDS):
            with reading(session()) as reader:
                ops = unjudged(reader, kept_before=act.at - after, limit=limit)
                learnt = waiting_for(reader, [operation_key(verb, version) for verb, version in OPERATIONS])
                left = kept_operations(reader, list(dict.fromkeys([*ops, *learnt])))
            settled = sum(_judge_replica(act, replica, operations) for replica, operations in left.items())
            changed += settled
            if not settled:
                break
        with reading(session()) as reader:
            behind = replicas_behind(reader, kept_before=act.at - after)
        for replica in behind:
            perform(session(), acts.begin(SYSTEM), recount, replica=replica)
        return changed + judge_woken(session(), act)


def _judge_replica(act: Act, replica: UUID, operations: list[KeptOperation]) -> int:
    try:
        return sum(verdict.status != "received" for verdict in judge(session(), act, replica=replica, operations=operations))
    except Exception:
        log.exception("operations left over cannot be judged", extra={"replica": str(replica), "operations": len(operations)})
        return 0


def recompute_deadlines(app: Flask) -> int:
    """Compute the deadlines that a changed calendar touches, in chunks; how many."""
    done = 0
    with app.app_context():
        while count := perform(session(), acts.begin(SYSTEM), deadlines.recompute_deadlines, limit=500):
            done += count
        return done


def forget_stale(app: Flask) -> int:
    """Delete ended sessions and lock-out counts that are over; how many rows."""
    with app.app_context():
        return perform(session(), acts.begin(SYSTEM), sessions.forget_stale)


def has_due_photos(app: Flask) -> bool:
    """Whether photos wait to be examined."""
    with app.app_context(), reading(session()) as reader:
        return bool(evidence.list_due_examinations(reader, at=acts.begin(SYSTEM).at, limit=1))


def settle(app: Flask) -> None:
    """Everything that is due now, in this process: for tests and for `flask worker --once`."""

    def once() -> int:
        followed = react(app) + judge_left(app, after=dt.timedelta(0)) + recompute_deadlines(app)
        return followed + sweep(app) + photos.examine_due(app) + deliveries.deliver_due(app)

    while once():
        continue
