"""The tables of contracts and of the responsibility matrix."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.database.base import Base


class Contract(Base):
    """A contract with a contractor (a unit of identity), in force from `valid_from` until the day before `valid_until`.

    `terminated_on` is the first day on which it no longer holds though its term goes on. A higher `priority` wins an overlap.
    """

    __tablename__ = "contract"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    contractor: Mapped[UUID] = mapped_column(index=True)
    signed_on: Mapped[dt.date]
    valid_from: Mapped[dt.date]
    valid_until: Mapped[dt.date]
    priority: Mapped[int]
    successor: Mapped[UUID | None] = mapped_column(sa.ForeignKey("contract.id"))
    terminated_on: Mapped[dt.date | None]
    termination_reason: Mapped[str | None]
    version: Mapped[int]
    recorded_at: Mapped[dt.datetime]
    recorded_by: Mapped[UUID | None]


class Section(Base):
    """A section (标段) of a contract."""

    __tablename__ = "contract_section"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    contract: Mapped[UUID] = mapped_column(sa.ForeignKey("contract.id"))
    code: Mapped[str]
    name: Mapped[str]
    __table_args__ = (sa.UniqueConstraint("contract", "code"),)


class Coverage(Base):
    """What a section maintains: an area (its code), a road (its code and `buffer_m` metres each side) or an asset (its id), for one trade.

    `priority` overrides the contract's for this coverage. Its days lie within the contract's.
    """

    __tablename__ = "contract_coverage"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    section: Mapped[UUID] = mapped_column(sa.ForeignKey("contract_section.id"), index=True)
    trade: Mapped[str]
    kind: Mapped[str]
    code: Mapped[str]
    buffer_m: Mapped[float | None]
    valid_from: Mapped[dt.date]
    valid_until: Mapped[dt.date]
    priority: Mapped[int | None]
    __table_args__ = (sa.CheckConstraint("(kind = 'road') = (buffer_m IS NOT NULL)", name="buffer_of_road"),)


class Responsibility(Base):
    """One line of the responsibility matrix (权责清单): categories x area -> unit, person, phone, in force on its days.

    `scope` says what `key` is: "category" `kind:code`, "class" `kind:class code`, "trade" a trade, "all" "". `role` is "area_owner" (块,
    the town), "trade_owner" (条, the bureau) or "acting" (acts where no contract does).
    """

    __tablename__ = "contract_responsibility"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    role: Mapped[str]
    scope: Mapped[str]
    key: Mapped[str]
    area: Mapped[str]
    unit: Mapped[UUID] = mapped_column(index=True)
    person: Mapped[str | None]
    phone: Mapped[str | None]
    valid_from: Mapped[dt.date]
    valid_until: Mapped[dt.date | None]
    recorded_at: Mapped[dt.datetime]
    recorded_by: Mapped[UUID | None]
