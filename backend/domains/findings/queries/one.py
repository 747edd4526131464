"""One finding, for those who may see it."""

from __future__ import annotations

import re
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act, Actor
from backend.core.database.rows import find_row, lock_row
from backend.core.problems import Missing, NotYet
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.queries.had import had_task
from backend.domains.findings.queries.work import has_open_dispute
from backend.domains.findings.rules.moving import StateMoved
from backend.domains.findings.rules.visibility import is_visible

EXPECTED = "if_match"
"""Where a request's session keeps what its caller says to have seen: the finding's id and the text of If-Match."""

_TAG = re.compile(r'"s(\d+)(?:\.v\d+)?"')


def get_finding(session: Session, finding: UUID, actor: Actor) -> Finding:
    """The finding, if the actor may see it; otherwise Missing, the same whether it exists or not."""
    row = find_row(session, Finding, finding)
    if row is None or not is_visible(row, actor):
        raise Missing(f"there is no finding {finding} that you may see")
    return row


def lock_finding(session: Session, act: Act, finding: UUID) -> Finding:
    """The finding, locked for a move. The system sees all."""
    row = lock_row(session, Finding, finding)
    if row is None or not (act.actor.person is None or is_visible(row, act.actor)):
        raise Missing(f"there is no finding {finding} that you may see")
    _check_expected(session, act, row)
    return row


def await_finding(session: Session, act: Act, finding: UUID) -> Finding:
    """The finding that an act adds to, locked. One that is not the actor's to see is answered as one that is not there.

    Raises NotYet for a phone's operation, which waits for it; Missing at the desk, where nothing waits.
    """
    row = lock_row(session, Finding, finding)
    if row is not None and is_visible(row, act.actor):
        _check_expected(session, act, row)
        return row
    if row is not None and act.op is not None and had_task(session, row.id, act.actor.person):
        return row  # the phone worked on a task that went to somebody else meanwhile
    if act.op is None:
        raise Missing(f"there is no finding {finding} that you may see")
    raise NotYet(f"finding {finding} has not arrived", awaits=f"finding:{finding}")


def _check_expected(session: Session, act: Act, row: Finding) -> None:
    """Refuse what was meant for another state of this finding (If-Match). Raises StateMoved."""
    expected: tuple[UUID, str] | None = session.info.get(EXPECTED)
    if expected is None or act.op is not None or expected[0] != row.id or expected[1].strip() == "*":
        return
    if str(row.state_version) not in _TAG.findall(expected[1]):
        raise StateMoved(f"state_version is {row.state_version}; If-Match: {expected[1]}", state=row.state, state_version=row.state_version)


def has_verdict_dispute(session: Session, finding: UUID) -> bool:
    """Whether verdicts on one of its reports differ and nobody has decided. What was written in this transaction must be flushed before."""
    return has_open_dispute(session, finding)
