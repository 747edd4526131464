"""What others ask of policies. All but the list is answered from memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.revisions import Held
from backend.domains.catalog import queries as catalog
from backend.domains.catalog.rules.categories import Category
from backend.domains.policies.model import PolicyStatement
from backend.domains.policies.rules.documents import filing_docs, policy_doc, statement_doc
from backend.domains.policies.rules.policy import Policy
from backend.domains.policies.rules.statements import SETTINGS, Book, Statement
from backend.domains.territory import queries as territory
from backend.domains.territory.rules.areas import Level

REVISION = "policies"


def book(session: Session) -> Book:
    """All statements in memory, as they stand at this transaction."""
    return _HELD.get(session)


def policy_for(session: Session, *, area: str, trade: str, category: str, at: dt.datetime) -> Policy:
    """The policy that holds at `at` in this area for a category (`kind:code`) of this trade.

    `area` is a code of any level: of the finding's grid, of the district where it has none. Quick enough to be asked for each operation.
    """
    return _HELD.get(session).policy(area, trade, category, at)


def get_policy(session: Session, *, area: str, category: str, at: dt.datetime) -> dict[str, Any]:
    """What holds at a place for a category of the catalogue (resolved as findings' are), and the statements it is made of.

    Raises CategoryMissing.
    """
    kind, _, code = category.partition(":")
    _, holds, said = catalog.get_category(session, kind, code, at=at)
    held = book(session)
    return {
        "area": area,
        "category": holds.key,
        "code": said,
        "trade": holds.trade,
        "at": at,
        "policy": policy_doc(held.policy(area, holds.trade, holds.key, at)),
        "statements": [statement_doc(each) for each in held.in_force(area, holds.trade, holds.key, at)],
    }


def list_policies(
    session: Session, *, limit: int, before: int | None = None, area: str | None = None, scope: str | None = None, key: str | None = None
) -> Sequence[PolicyStatement]:
    """At most `limit` statements, the newest first, before this number; of this area ("": everywhere), scope and key where named."""
    query = sa.select(PolicyStatement).order_by(PolicyStatement.number.desc()).limit(limit)
    for column, value in ((PolicyStatement.area, area), (PolicyStatement.scope, scope), (PolicyStatement.key, key)):
        if value is not None:
            query = query.where(column == value)
    if before is not None:
        query = query.where(PolicyStatement.number < before)
    return session.scalars(query).all()


def last_number(session: Session) -> int:
    """The number of the newest statement; 0 where there is none."""
    return session.scalar(sa.select(sa.func.max(PolicyStatement.number))) or 0


def _filing_said(session: Session) -> list[dict[str, Any]]:
    return filing_docs(book(session))


def _filing_holds(session: Session, category: Category, at: dt.datetime) -> Policy:
    """In the whole district, whatever towns have of their own."""
    areas = territory.territory(session).newest.values()
    district = next((area.code for area in areas if area.level is Level.DISTRICT), "")
    return policy_for(session, area=district, trade=category.trade, category=category.key, at=at)


def _load(session: Session) -> Book:
    return Book(
        Statement(
            number=row.number,
            area=row.area,
            scope=row.scope,  # type: ignore[arg-type] # refuse_scope has looked at it
            key=row.key,
            valid_from=row.valid_from,
            settings={name: value for name in SETTINGS if (value := getattr(row, name)) is not None},
        )
        for row in session.scalars(sa.select(PolicyStatement).order_by(PolicyStatement.number))
    )


_HELD = Held(REVISION, _load)

catalog.show_filing(catalog.Filing(_filing_said, _filing_holds))
