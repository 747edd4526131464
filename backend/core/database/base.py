"""The declarative base, its column types and naming."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, cast
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, registry


class NaiveDatetime(TypeError):
    """A datetime without an offset reached the database: a fault of ours, never of a request."""


_FIRST = dt.datetime(1, 1, 1, tzinfo=dt.UTC)
_LAST = dt.datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=dt.UTC)


def _utc(value: dt.datetime) -> dt.datetime:
    """The moment in UTC; the first or last that there is, where the calendar ends before its offset is taken off."""
    try:
        return value.astimezone(dt.UTC)
    except OverflowError:
        return _FIRST if value.year == 1 else _LAST


class UtcDateTime(sa.types.TypeDecorator[dt.datetime]):
    """A moment. Refuses naive datetimes, stores UTC with microseconds, gives UTC back, on SQLite as on PostgreSQL."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise NaiveDatetime(f"{value!r} has no offset")
        utc = _utc(value)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:  # noqa: ARG002 - SQLAlchemy passes it
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


def dumps(value: object) -> str:
    """JSON text as stored in columns: UUIDs and datetimes become strings."""
    return orjson.dumps(value).decode()


def loads(text: Any) -> Any:
    """The value of such a text. A number alone comes back from SQLite as a number: its JSON columns have numeric affinity."""
    return text if isinstance(text, int | float) else orjson.loads(text)


Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
Words = sa.Text().with_variant(postgresql.ARRAY(sa.Text()), "postgresql")
"""Many short texts that are looked up one by one: an array, on SQLite a text with spaces between them."""
Small = sa.SmallInteger()
Text = sa.Text()


class Base(DeclarativeBase):
    """Base of every table. The type map sits on a registry because Flask-SQLAlchemy 3.1 refuses it on the class."""

    registry: ClassVar[registry] = registry(
        metadata=sa.MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
                "pk": "pk_%(table_name)s",
            },
        ),
        type_annotation_map={
            UUID: sa.Uuid(),
            dt.datetime: UtcDateTime(),
            dt.date: sa.Date(),
            str: sa.Text(),
            int: sa.BigInteger(),
            float: sa.Double(),
            bytes: sa.LargeBinary(),
            dict[str, Any]: Json,
            list[str]: Json,
            list[Any]: Json,
        },
    )


def table_of(kind: type[Base]) -> sa.Table:
    """The table of a mapped class, for statements that go by Core."""
    return cast("sa.Table", kind.__table__)
