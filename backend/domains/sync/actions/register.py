"""Registering a replica with what sync knows of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.domains.identity.actions.replicas import Registration
from backend.domains.identity.actions.replicas import register_replica as register
from backend.domains.sync.actions.keep import lock_progress
from backend.domains.sync.model import Progress


def register_replica(session: Session, act: Act, *, payload: dict[str, Any], days: int) -> tuple[Registration, Progress]:
    """Register the caller's store; its progress begins at 0 or goes on where it was."""
    registration = register(
        session,
        act,
        install_id=payload["install_id"],
        proposed=payload["replica"],
        platform=payload["platform"],
        app_version=payload["app_version"],
        schema=payload["schema"],
        days=days,
    )
    return registration, lock_progress(session, registration.replica.id)
