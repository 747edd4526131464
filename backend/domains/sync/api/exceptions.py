"""The exception list: what sync could not settle by itself, and what the desk decides about it."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import SYSTEM, Act
from backend.core.cursors import BadCursor
from backend.core.http.api import Blueprint
from backend.core.http.callers import caller, here
from backend.core.perform import perform, reading
from backend.core.problems import TooLarge
from backend.domains.sync.actions import decide, repair
from backend.domains.sync.judging.judge import judge
from backend.domains.sync.judging.operations import OPERATIONS
from backend.domains.sync.queries import exceptions, views
from backend.domains.sync.queries.kept import kept_operations
from backend.domains.sync.rules.desk import (
    READERS,
    ExceptionMissing,
    NotOpen,
    NotRepairable,
    NotTheWindow,
    OutcomeMoved,
    OutOfReach,
    OwnOperation,
    TechnicalOnly,
    desk_of,
)
from backend.domains.sync.rules.repairing import AuthorsOwn, RepairIncomplete
from backend.domains.sync.schemas import desk as schemas

log = logging.getLogger(__name__)
_KNOWN = {named: known.entity for named, known in OPERATIONS.items()}
_DECIDING = (ExceptionMissing, OwnOperation, TechnicalOnly, NotOpen, OutcomeMoved)
blueprint = Blueprint("sync desk", __name__, description="What sync could not settle by itself: a person decides.")


@blueprint.get("/sync/exceptions")
@caller(*READERS)
@blueprint.arguments(schemas.ListExceptions(), location="query")
@blueprint.refuses(BadCursor)
@blueprint.response(200, schemas.ExceptionPage())
def list_exceptions(query: dict[str, Any]) -> dict[str, Any]:
    """What stands open for the caller's areas, the oldest first, with how many there are of each kind."""
    session, act = here()
    desk = desk_of(act.actor)
    with reading(session, snapshot=True):
        found, following, counts = exceptions.list_exceptions(session, desk, now=act.at, **query)
        return {"items": views.exception_docs(session, desk, found, now=act.at), "counts": counts, "next": following}


@blueprint.get("/sync/exceptions/<key>")
@caller(*READERS)
@blueprint.refuses(ExceptionMissing)
@blueprint.response(200, schemas.SyncException())
def get_exception(key: str) -> dict[str, Any]:
    """One exception that stands open."""
    session, act = here()
    desk = desk_of(act.actor)
    with reading(session, snapshot=True):
        one = exceptions.get_exception(session, desk, key, now=act.at)
        return views.exception_docs(session, desk, [one], now=act.at)[0]


@blueprint.post("/sync/exceptions/<key>/dismissal")
@caller(*READERS)
@blueprint.arguments(schemas.DismissException())
@blueprint.refuses(*_DECIDING)
@blueprint.response(200, schemas.ExceptionDismissed())
def dismiss_exception(payload: dict[str, Any], key: str) -> dict[str, Any]:
    """Take it off the list; nothing is thrown away, and what changes later is listed again. Closes an incident."""
    session, act = here()
    perform(session, act, decide.dismiss_exception, key=key, payload=payload)
    return {"key": key, "dismissed": True}


@blueprint.post("/sync/exceptions/<key>/repair")
@caller(*READERS)
@blueprint.arguments(schemas.RepairLine())
@blueprint.refuses(*_DECIDING, NotRepairable, AuthorsOwn, RepairIncomplete, OutOfReach, TooLarge)
@blueprint.response(201, schemas.OperationWhole())
def repair_line(payload: dict[str, Any], key: str) -> dict[str, Any]:
    """Make an operation of a line that stands beside, and judge it."""
    session, act = here()
    op = perform(session, act, repair.repair_line, key=key, payload=payload, known=_KNOWN)
    return _judged(session, act, op)


@blueprint.get("/sync/operations/<uuid:op>")
@caller(*READERS)
@blueprint.refuses(ExceptionMissing)
@blueprint.response(200, schemas.OperationWhole())
def get_operation(op: UUID) -> dict[str, Any]:
    """Everything about one operation: its line as it arrived, its times, what became of it and what was decided."""
    session, act = here()
    return _shown(session, act, op)


@blueprint.post("/sync/operations/<uuid:op>/redrive")
@caller(*READERS)
@blueprint.arguments(schemas.RedriveOperation())
@blueprint.refuses(*_DECIDING, NotTheWindow, AuthorsOwn, OutOfReach, TooLarge)
@blueprint.response(200, schemas.OperationWhole())
def redrive_operation(payload: dict[str, Any], op: UUID) -> dict[str, Any]:
    """Have it judged again, repaired or vouched for where that is given. The new outcome reaches the phone by pull."""
    session, act = here()
    perform(session, act, decide.redrive_operation, op=op, payload=payload, known=_KNOWN)
    return _judged(session, act, op)


def _judged(session: Session, act: Act, op: UUID) -> dict[str, Any]:
    """The operation after it was judged. Where judging fails as a whole it stays received, and the worker judges it."""
    try:
        with reading(session):
            todo = kept_operations(session, [op])
        for replica, batch in todo.items():
            judge(session, replace(act, actor=SYSTEM, told=[]), replica=replica, operations=batch)
    except Exception:  # whatever it is: the decision stands and is answered
        log.exception("an operation taken up again was not judged", extra={"op": str(op)})
    return _shown(session, act, op)


def _shown(session: Session, act: Act, op: UUID) -> dict[str, Any]:
    with reading(session, snapshot=True):
        return views.operation_doc(session, desk_of(act.actor), op, now=act.at)
