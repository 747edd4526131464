"""Tables of identity. Logins are stored case-folded; tokens only as SHA-256, passwords only as argon2 hashes."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.database.base import Base


class Unit(Base):
    """An organisation within which roles are held. `area` is the code of the area it answers for, if it answers for one."""

    __tablename__ = "unit"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    name_en: Mapped[str | None]
    area: Mapped[str | None]
    parent: Mapped[UUID | None] = mapped_column(sa.ForeignKey("unit.id"), index=True)
    founded_at: Mapped[dt.datetime]
    __table_args__ = (
        sa.CheckConstraint("kind IN ('district', 'town', 'department', 'contractor', 'community')", name="kind"),
        sa.Index(None, "kind", "code"),
        sa.Index(None, "area"),
    )


class Person(Base):
    """Somebody with an account. `phone` is personal data and leaves only through the documents of administrators and its owner."""

    __tablename__ = "person"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    phone: Mapped[str | None]
    password_hash: Mapped[str]
    must_change_password: Mapped[bool]
    enrolled_at: Mapped[dt.datetime]
    disabled_at: Mapped[dt.datetime | None]


class RoleHeld(Base):
    """A role within a unit from `since` (included) until `until` (excluded, None while it lasts). Ended, never deleted."""

    __tablename__ = "role_held"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    person: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"))
    role: Mapped[str]
    unit: Mapped[UUID] = mapped_column(sa.ForeignKey("unit.id"))
    since: Mapped[dt.datetime]
    until: Mapped[dt.datetime | None]
    __table_args__ = (
        sa.CheckConstraint("until IS NULL OR until >= since", name="order"),
        sa.Index(None, "person", "role"),
        sa.Index(None, "unit", "role"),
        sa.Index(
            "uq_role_held_lasting",
            "person",
            "role",
            "unit",
            unique=True,
            postgresql_where=sa.text("until IS NULL"),
            sqlite_where=sa.text("until IS NULL"),
        ),
    )


class LoginSession(Base):
    """A sign-in of a person: reads, writes and pull."""

    __tablename__ = "login_session"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    person: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[dt.datetime]
    last_used_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime] = mapped_column(index=True)
    revoked_at: Mapped[dt.datetime | None]


class LoginGuard(Base):
    """The recent sign-in attempts of one login or one network address, known only by their SHA-256.

    `attempts` is a list of `[time, "open" or "failed"]`: an attempt is written before its password is checked, so that parallel ones
    count each other.
    """

    __tablename__ = "login_guard"
    key: Mapped[bytes] = mapped_column(primary_key=True)
    attempts: Mapped[list[Any]]
    changed_at: Mapped[dt.datetime] = mapped_column(index=True)


class Replica(Base):
    """One local store of one person. A re-installed or restored store has a new `install_id` and so a new replica."""

    __tablename__ = "replica"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    person: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"))
    install_id: Mapped[str]
    platform: Mapped[str]
    app_version: Mapped[str]
    schema: Mapped[int]
    state: Mapped[str]
    registered_at: Mapped[dt.datetime]
    last_contact_at: Mapped[dt.datetime]
    revoked_at: Mapped[dt.datetime | None]
    __table_args__ = (
        sa.UniqueConstraint("person", "install_id"),
        sa.CheckConstraint("state IN ('active', 'revoked')", name="state"),
    )


class ReplicaCredential(Base):
    """The right of one replica to push and to deliver photos; outlives the login session. Superseded ones expire within 24 h."""

    __tablename__ = "replica_credential"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    replica: Mapped[UUID] = mapped_column(sa.ForeignKey("replica.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    renewed_at: Mapped[dt.datetime]
    superseded_at: Mapped[dt.datetime | None]
