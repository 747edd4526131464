"""The table of policies."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.database.base import Base


class PolicyStatement(Base):
    """What an administrator said for an area, scope and key from `valid_from` on. Rows are added, never changed.

    `area` is "" (everywhere) or a district's or town's code; `scope` "all", "trade" or "category", `key` "", the trade or `kind:code`. The
    columns from `auto_file` to `bounces_before_leader` are null where it says nothing. A later row of the same scope takes its place whole.
    """

    __tablename__ = "policy_statement"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    area: Mapped[str]
    scope: Mapped[str]
    key: Mapped[str]
    valid_from: Mapped[dt.datetime]
    auto_file: Mapped[bool | None]
    auto_dispatch: Mapped[bool | None]
    photos: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    agree: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    steps: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    reminders: Mapped[list[Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    escalation: Mapped[list[Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    orphan_after: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    bounces_before_leader: Mapped[int | None]
    reason: Mapped[str]
    set_by: Mapped[UUID | None]
    set_at: Mapped[dt.datetime]
