"""Replicas register, renew their credential by use, and are revoked."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import add_row, find_row, lock_row
from backend.core.problems import Unauthenticated
from backend.domains.identity import queries
from backend.domains.identity.actions.people import locked_person
from backend.domains.identity.actions.tokens import fresh_token
from backend.domains.identity.model import Replica, ReplicaCredential
from backend.domains.identity.rules import roles, tokens
from backend.domains.identity.rules.replicas import ReplicaMissing, ReplicaTaken, ReplicaWipe, check_registration

CREDENTIAL_DAYS = 90


@dataclass(frozen=True, slots=True)
class Registration:
    """A registered replica, its new credential (known nowhere else) and whether the replica is new."""

    replica: Replica
    credential: str
    expires_at: dt.datetime
    created: bool


def register_replica(
    session: Session,
    act: Act,
    *,
    install_id: str,
    proposed: UUID | None,
    platform: str,
    app_version: str,
    schema: int,
    days: int = CREDENTIAL_DAYS,
) -> Registration:
    """Register the actor's local store, or know it again by its `install_id`, and give it a new credential for `days`.

    Credentials it had stay valid for 24 h at most. `proposed` is the id a phone keeps from a server that was restored: honoured for a
    new replica if nobody has it, ignored for a known one. Raises RegistrationInvalid, ReplicaTaken, ReplicaWipe (revoked).
    """
    check_registration(install_id=install_id, platform=platform, app_version=app_version, schema=schema)
    if act.actor.person is None:
        raise Unauthenticated("only a person registers a replica")
    locked_person(session, act.actor.person)  # the same store may register twice at once
    replica = queries.find_replica_of_install(session, act.actor.person, install_id)
    created = replica is None
    if replica is None:
        if proposed is not None and find_row(session, Replica, proposed) is not None:
            raise _taken(proposed)
        replica = Replica(id=proposed or act.new_id(), person=act.actor.person, install_id=install_id, state="active", registered_at=act.at)
        add_row(session, replica)
    if replica.state == "revoked":
        raise ReplicaWipe(f"replica {replica.id} was revoked")
    replica.platform, replica.app_version, replica.schema = platform, app_version, schema
    replica.last_contact_at = act.at
    try:
        session.flush()
    except IntegrityError as error:  # somebody else proposed the same id at the same moment
        raise _taken(replica.id) from error
    _supersede(session, act, replica.id)
    token = fresh_token("credential")
    credential = add_row(
        session,
        ReplicaCredential(
            id=act.new_id(),
            replica=replica.id,
            token_hash=tokens.digest(token),
            created_at=act.at,
            expires_at=act.at + dt.timedelta(days=days),
            renewed_at=act.at,
            superseded_at=None,
        ),
    )
    session.flush()
    event = "replica.registered" if created else "replica.registered_again"
    act.tell(event, "replica", replica.id, person=replica.person, credential=credential.id)
    return Registration(replica, token, credential.expires_at, created)


def renew_credential(session: Session, act: Act, *, credential: UUID, days: int = CREDENTIAL_DAYS) -> ReplicaCredential | None:
    """Let a credential in use live `days` longer from now, at most once a day; None if there was nothing to move.

    Superseded credentials and those of revoked replicas are left to run out.
    """
    row = session.get(ReplicaCredential, credential)
    if row is None or row.superseded_at is not None or not tokens.due(row.renewed_at, act.at):
        return None
    replica = find_row(session, Replica, row.replica)
    if replica is None or replica.state == "revoked":
        return None
    row.renewed_at = replica.last_contact_at = act.at
    row.expires_at = max(row.expires_at, act.at + dt.timedelta(days=days))
    act.tell("credential.renewed", "replica", row.replica, credential=row.id)
    return row


def revoke_replica(session: Session, act: Act, *, replica: UUID) -> Replica:
    """Withdraw a replica's access: by its person or an administrator; to others it does not exist. Safe to repeat.

    Its credential still opens push, where everything is kept and refused by name, so that the phone can hand over what is unsent.
    """
    row = lock_row(session, Replica, replica)
    if row is None or not (act.actor.person in {None, row.person} or act.actor.holds(*roles.ACCOUNT_KEEPERS)):
        raise ReplicaMissing(f"no replica {replica}")
    if row.state != "revoked":
        row.state = "revoked"
        row.revoked_at = act.at
        act.tell("replica.revoked", "replica", row.id, person=row.person)
    return row


def _taken(replica: UUID) -> ReplicaTaken:
    return ReplicaTaken(f"replica: {replica} belongs to another store", errors=[("/replica", "taken")])


def _supersede(session: Session, act: Act, replica: UUID) -> None:
    query = sa.select(ReplicaCredential).where(ReplicaCredential.replica == replica, ReplicaCredential.superseded_at.is_(None))
    for row in session.scalars(query):
        row.superseded_at = act.at
        row.expires_at = min(row.expires_at, act.at + tokens.GRACE)
