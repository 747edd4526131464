"""Rows of what findings are searched by: made from the findings by the worker, and nothing that cannot be made anew."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.database.base import Base, Words


class FindingText(Base):
    """The text of a finding, and its grams (`rules.grams`) with the scopes it is in; in both, what staff alone read is marked.

    Ids ascend with the order in which findings came.

    On PostgreSQL `grams` is an array with the GIN index `ext_finding_text_grams`. On SQLite it is a text with spaces, which triggers copy
    into the full-text table `ext_finding_text`. The migration makes both: no model can say them, and `ext_` keeps them out of comparisons.
    """

    __tablename__ = "finding_text"
    id: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True)
    finding: Mapped[UUID] = mapped_column(unique=True)
    text: Mapped[str]
    grams: Mapped[object] = mapped_column(Words)
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - the attribute SQLAlchemy reads
