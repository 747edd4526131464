"""Rows of joint campaigns (联合整治): a named operation, the units that take part, what each is to reach."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.database.base import Base


class Campaign(Base):
    """A named operation in an area, from its first to its last day (both included). Its findings name it in their `campaign`.

    `target`: how many findings it means to close. `ended_at`: it was ended; findings are grouped into it until then.
    """

    __tablename__ = "campaign"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    name: Mapped[str]
    purpose: Mapped[str | None]
    area: Mapped[str]
    first_day: Mapped[dt.date]
    last_day: Mapped[dt.date]
    target: Mapped[int | None]
    begun_by: Mapped[UUID]
    begun_at: Mapped[dt.datetime]
    ended_by: Mapped[UUID | None]
    ended_at: Mapped[dt.datetime | None]
    result: Mapped[str | None]
    __table_args__ = (sa.Index(None, "begun_at", "id"), sa.Index(None, "area"))


class CampaignMember(Base):
    """A unit that takes part, with its duty and how many findings it is to close."""

    __tablename__ = "campaign_member"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    campaign: Mapped[UUID] = mapped_column(sa.ForeignKey("campaign.id"), index=True)
    unit: Mapped[UUID]
    duty: Mapped[str | None]
    target: Mapped[int | None]
    joined_at: Mapped[dt.datetime]
    left_at: Mapped[dt.datetime | None]
    __table_args__ = (sa.Index(None, "unit"),)
