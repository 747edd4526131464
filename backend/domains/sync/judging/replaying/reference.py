"""The reference data that a replay is given: people and units, ground, catalogue, contracts, calendar. Copied table by table."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.base import Base, table_of
from backend.core.revisions import Revision
from backend.domains.catalog import model as catalog
from backend.domains.contracts import model as contracts
from backend.domains.deadlines.model import CalendarDay, CalendarYear, WorkingSchedule
from backend.domains.identity.model import Person, Replica, RoleHeld, Unit
from backend.domains.policies import model as policies
from backend.domains.territory import model as territory

_PAGE = 500
_WHOLE = (territory, catalog, contracts, policies)
_SINGLE: tuple[type[Base], ...] = (Unit, Person, RoleHeld, Replica, CalendarYear, CalendarDay, WorkingSchedule, Revision)
SUBJECTS = frozenset(
    (
        *("unit", "area", "territory", "category", "catalog_edition", "class_default_limit", "filing_policy", "policy"),
        *("contract", "section", "responsibility", "calendar"),
    )
)
"""What the journal calls them. A replay has them as they are today, whatever they were when something was done."""


def tables() -> list[sa.Table]:
    """Parents before children. Sessions, credentials and sign-in attempts are none of a replay's business."""
    wanted = {table_of(kind).name for kind in _SINGLE}
    modules = {module.__name__ for module in _WHOLE}
    wanted |= {table_of(mapper.class_).name for mapper in Base.registry.mappers if mapper.class_.__module__ in modules}
    return [table for table in Base.metadata.sorted_tables if table.name in wanted]


def copy_reference(session: Session, _act: Act, *, source: Session) -> int:
    """Copy all of it into an empty SQLite database, without passwords; how many rows."""
    connection = session.connection()
    connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")  # rows of one table may name each other
    done = 0
    for table in tables():
        result = source.connection().execute(sa.select(table), execution_options={"yield_per": _PAGE})
        for page in result.mappings().partitions():
            rows = [dict(row) for row in page]
            if table.name == Person.__tablename__:
                rows = [{**row, "password_hash": ""} for row in rows]
            connection.execute(sa.insert(table), rows)
            done += len(rows)
    return done
