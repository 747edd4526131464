"""The catalogue's tables."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.database.base import Base, Small


class Edition(Base):
    """A dated edition of the catalogue, in force from the day `valid_from` (district time) until the next one's."""

    __tablename__ = "catalog_edition"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    valid_from: Mapped[dt.date]
    source: Mapped[str]
    loaded_at: Mapped[dt.datetime]
    loaded_by: Mapped[UUID | None]


class Subclass(Base):
    """One category as one edition has it. `position` is its place in the file.

    `successor` is the key (`kind:code`) of the category of a later edition that took its place; `version` rises whenever what phones are
    shown of this key changes, in whichever edition.
    """

    __tablename__ = "catalog_subclass"
    edition: Mapped[int] = mapped_column(sa.ForeignKey("catalog_edition.number"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    class_code: Mapped[str]
    class_zh: Mapped[str]
    class_en: Mapped[str]
    name_zh: Mapped[str]
    name_en: Mapped[str]
    trade: Mapped[str]
    successor: Mapped[str | None]
    version: Mapped[int]

    @property
    def code_key(self) -> str:
        """`kind:code`."""
        return f"{self.kind}:{self.code}"


class Condition(Base):
    """A filing condition. `number` stays with the same words through all editions and is never used for others.

    `text` "" means that the source names none: any state that fits the category. No limit: the class's default holds.
    """

    __tablename__ = "catalog_condition"
    edition: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(Small, primary_key=True)
    text: Mapped[str]
    limit_value: Mapped[int | None]
    limit_unit: Mapped[str | None]
    closing: Mapped[str]
    source: Mapped[str]
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["edition", "kind", "code"], ["catalog_subclass.edition", "catalog_subclass.kind", "catalog_subclass.code"], name="subclass"
        ),
        sa.CheckConstraint("(limit_value IS NULL) = (limit_unit IS NULL)", name="limit_whole"),
    )


class ClassDefaultLimit(Base):
    """The limit that an administrator set for the conditions of a class that the sources give none."""

    __tablename__ = "catalog_class_default_limit"
    edition: Mapped[int] = mapped_column(sa.ForeignKey("catalog_edition.number"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    class_code: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int]
    unit: Mapped[str]
    set_by: Mapped[UUID | None]
    set_at: Mapped[dt.datetime]


class LegacyCode(Base):
    """A code of GB/T 30428.2-2013 ("01-10") and the category that took its place when the catalogue was first loaded."""

    __tablename__ = "catalog_legacy_code"
    kind: Mapped[str] = mapped_column(primary_key=True)
    legacy: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str]
