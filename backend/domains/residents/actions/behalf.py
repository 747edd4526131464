"""Doing something in the name of residents, who have no account: journal and deeds name the service person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.domains.identity.actions.services import service_actor
from backend.domains.identity.rules.services import RESIDENT


def act_as_resident(session: Session, act: Act) -> None:
    """This act is a resident's: of a request that came with a receipt, or with a report."""
    act.actor = service_actor(session, act, service=RESIDENT)


@contextmanager
def as_resident(session: Session, act: Act) -> Iterator[Act]:
    """An act of the service person within this one of the staff: what it tells is told with it, its ids go on from its."""
    theirs = replace(act, actor=service_actor(session, act, service=RESIDENT))
    theirs.made = act.made
    yield theirs
    act.made = theirs.made
