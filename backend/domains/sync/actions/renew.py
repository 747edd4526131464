"""Tokens that live on by use: a phone that syncs is not asked to sign in again."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.domains.identity.actions.replicas import renew_credential
from backend.domains.identity.actions.sessions import renew_session


def keep_credential(session: Session, act: Act, *, credential: UUID, days: int) -> None:
    """Let the push credential live on."""
    renew_credential(session, act, credential=credential, days=days)


def keep_session(session: Session, act: Act, *, login_session: UUID, days: int) -> None:
    """Let the login session live on."""
    renew_session(session, act, login_session=login_session, days=days)
