"""Rows of findings, and the counter of their numbers."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.database.base import Base


class Finding(Base):
    """What was seen, where and when. `recorded_at` is corrected time; `place` is as received, `lon`/`lat` are WGS-84.

    The columns from `unlocated` to `disputed` are flags beside the state; `needs` in documents is made from them, and from
    `lacks_after_photos` and `lacks_look_photos`, which are set only while it is verified: closing needs them clear. `earliest_at` and
    `latest_at` stand where `recorded_at` is only estimated: it was between them. `liable_at` is the moment that somebody decided for the
    look-up of the liable contract. `attached_to` is the head of an attached one.

    `step` is what somebody is to do next where that is waited for (`rules.steps`), since `step_since` and until `step_due`, by the calendar
    of version `step_calendar`; `steps` counts those that are done (rows of `finding_step`). `bounces` counts the dispatches that came back
    as wrong. `filed_policy` is the version of the policy it was filed by. `supervised`: a leader's demand is open. `repeat_of` is an
    earlier one of the same place and category. `orphaned_at`: since then nobody has had it, or done anything. `escalated_to` is
    the highest level it was brought to since it began (or was reopened).
    `assigned` are the scopes of those who have an open task on it (`model.tasks`), so that their phones hold it.
    """

    __tablename__ = "finding"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    version: Mapped[int]
    state_version: Mapped[int]
    state: Mapped[str]
    source: Mapped[str]
    kind: Mapped[str]
    code: Mapped[str]
    edition: Mapped[int]
    condition: Mapped[int | None]
    trade: Mapped[str]
    place: Mapped[dict[str, Any]]
    lon: Mapped[float]
    lat: Mapped[float]
    address: Mapped[str | None]
    asset: Mapped[str | None]
    grid: Mapped[str | None]
    community: Mapped[str | None]
    town: Mapped[str | None]
    district: Mapped[str]
    severity: Mapped[int]
    note: Mapped[str | None]
    recorded_by: Mapped[UUID]
    recorded_at: Mapped[dt.datetime]
    device_at: Mapped[dt.datetime | None]
    received_at: Mapped[dt.datetime]
    time_quality: Mapped[str]
    patrol: Mapped[UUID | None]
    liable: Mapped[UUID | None]
    liability: Mapped[dict[str, Any]]
    trade_owner: Mapped[UUID | None]
    limit_value: Mapped[int | None]
    limit_unit: Mapped[str | None]
    limit_source: Mapped[str | None]
    unlocated: Mapped[bool]
    awaiting_contract: Mapped[bool]
    awaiting_calendar: Mapped[bool]
    lacks_photos: Mapped[bool]
    lacks_condition: Mapped[bool]
    disputed: Mapped[bool]
    units: Mapped[list[str]]
    deadline: Mapped[dt.datetime | None]
    filed_at: Mapped[dt.datetime | None]
    void_request: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    writes: Mapped[dict[str, Any]]
    earliest_at: Mapped[dt.datetime | None]
    latest_at: Mapped[dt.datetime | None]
    liable_at: Mapped[dt.datetime | None]
    attached_to: Mapped[UUID | None]
    closed_at: Mapped[dt.datetime | None]
    lacks_after_photos: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    lacks_look_photos: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    closed_by: Mapped[UUID | None]
    step: Mapped[str | None]
    step_since: Mapped[dt.datetime | None]
    step_due: Mapped[dt.datetime | None]
    step_calendar: Mapped[int | None]
    steps: Mapped[int] = mapped_column(default=0, server_default="0")
    filed_policy: Mapped[int | None]
    bounces: Mapped[int] = mapped_column(default=0, server_default="0")
    supervised: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    campaign: Mapped[UUID | None]
    repeat_of: Mapped[UUID | None]
    split_from: Mapped[UUID | None]
    orphaned_at: Mapped[dt.datetime | None]
    escalated_to: Mapped[str | None]
    assigned: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    __table_args__ = (
        sa.Index(None, "recorded_at", "id"),
        sa.Index(None, "town", "recorded_at", "id"),
        sa.Index(None, "recorded_by", "recorded_at", "id"),
        sa.Index(None, "state", "recorded_at", "id"),
        sa.Index(None, "liable"),
        # What somebody has to do next, what is due first before; and what a new version of the calendar may still move.
        sa.Index(
            "ix_finding_step",
            "step",
            "step_due",
            "id",
            postgresql_where=sa.text("step IS NOT NULL"),
            sqlite_where=sa.text("step IS NOT NULL"),
        ),
        # What nobody does anything with.
        sa.Index(
            "ix_finding_unattended",
            "step_since",
            "id",
            postgresql_where=sa.text("step IS NOT NULL AND orphaned_at IS NULL"),
            sqlite_where=sa.text("step IS NOT NULL AND orphaned_at IS NULL"),
        ),
        # What was there before steps were kept, and is caught up on: soon empty.
        sa.Index(
            "ix_finding_without_steps",
            "id",
            postgresql_where=sa.text("step IS NULL AND steps = 0"),
            sqlite_where=sa.text("step IS NULL AND steps = 0"),
        ),
        # What is near a place: a box of some metres within one category.
        sa.Index("ix_finding_nearby", "kind", "code", "lat", "lon"),
        sa.Index(
            "ix_finding_asset",
            "asset",
            postgresql_where=sa.text("asset IS NOT NULL"),
            sqlite_where=sa.text("asset IS NOT NULL"),
        ),
        sa.Index(
            "ix_finding_attached_to",
            "attached_to",
            postgresql_where=sa.text("attached_to IS NOT NULL"),
            sqlite_where=sa.text("attached_to IS NOT NULL"),
        ),
        sa.Index(
            "ix_finding_repeat_of",
            "repeat_of",
            postgresql_where=sa.text("repeat_of IS NOT NULL"),
            sqlite_where=sa.text("repeat_of IS NOT NULL"),
        ),
        sa.Index(
            "ix_finding_campaign",
            "campaign",
            "recorded_at",
            "id",
            postgresql_where=sa.text("campaign IS NOT NULL"),
            sqlite_where=sa.text("campaign IS NOT NULL"),
        ),
        sa.Index(
            "ix_finding_split_from",
            "split_from",
            postgresql_where=sa.text("split_from IS NOT NULL"),
            sqlite_where=sa.text("split_from IS NOT NULL"),
        ),
    )


class Step(Base):
    """A step that was done, numbered within its finding: who had to do what, since when, until when, and who did it when.

    Whether it was late follows from `due` and `done_at`, and is stored nowhere. `due` is null where the step has no limit, or where the
    calendar did not reach. `policy` is the version of the policy that set the limit.
    """

    __tablename__ = "finding_step"
    finding: Mapped[UUID] = mapped_column(sa.ForeignKey("finding.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    step: Mapped[str]
    started_at: Mapped[dt.datetime]
    limit_value: Mapped[int | None]
    limit_unit: Mapped[str | None]
    due: Mapped[dt.datetime | None]
    done_at: Mapped[dt.datetime]
    done_by: Mapped[UUID | None]
    policy: Mapped[int | None]


class NumberCounter(Base):
    """The running number of a district's day."""

    __tablename__ = "finding_number"
    day: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]
