"""The incarnation of the database: a new one after a restore, declared by the operator or confirmed after a phone raised the alarm."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import lock_row
from backend.core.feed import begin_epoch
from backend.domains.findings.actions.record import skip_numbers
from backend.domains.sync.actions.keep import recount
from backend.domains.sync.model import Incident, Progress, Push
from backend.domains.sync.rules.incidents import IncidentMissing, NothingToConfirm

AHEAD = "ahead_of_server"


def new_epoch(session: Session, act: Act) -> str:
    """Begin a new incarnation; its name. Cursors of the old one are answered 410, and phones resend what is above `acked_through`.

    What phones ahead of the server pushed need wait for nobody any more: that they were is explained.
    """
    # What the lost days gave out may stand on paper.
    skip_numbers(session, act, since=session.scalar(sa.select(sa.func.max(Push.received_at))) or act.at)
    after = begin_epoch(session, act)
    for incident in session.scalars(_open_alarms().order_by(Incident.id).with_for_update()):
        _close(act, incident, note="a new epoch began: a backup was restored")
    for replica in session.scalars(sa.select(Progress.replica).where(Progress.ahead_through.is_not(None)).order_by(Progress.replica)):
        _let_go(session, act, replica, believed=True)
    return after


def confirm_restore(session: Session, act: Act, *, incident: UUID, restored: bool, note: str) -> Incident:
    """Say whether a backup was restored, as a phone that is ahead suggests.

    If so, a new epoch begins for all. If not, this phone alone goes on, and what it says of itself counts for nothing until it agrees
    with this server again. Either way what it pushed is judged next. Raises IncidentMissing, NothingToConfirm.
    """
    row = lock_row(session, Incident, incident)
    if row is None:
        raise IncidentMissing(f"no incident {incident}")
    if row.kind != AHEAD or row.closed_at is not None or row.replica is None:
        raise NothingToConfirm(f"incident {incident} is no open alarm of the kind {AHEAD}")
    row.facts = {**row.facts, "restored": restored}
    _close(act, row, note=note)
    session.flush()
    if restored:
        new_epoch(session, act)
    else:
        _let_go(session, act, row.replica, believed=False)
    return row


def _open_alarms() -> sa.Select[Incident]:
    return sa.select(Incident).where(Incident.kind == AHEAD, Incident.closed_at.is_(None))


def _close(act: Act, row: Incident, *, note: str) -> None:
    row.closed_at, row.closed_by, row.note = act.at, act.actor.person, note
    act.tell("incident.closed", "incident", row.id, kind=row.kind, replica=row.replica)


def _let_go(session: Session, act: Act, replica: UUID, *, believed: bool) -> None:
    """Nothing waits for a confirmation any more; the worker judges what came meanwhile."""
    recount(session, act, replica=replica)
    place = session.get_one(Progress, replica)
    place.ahead_at = None
    if believed:
        place.ahead_through = None
    session.flush()
