"""The write of policies: a statement is added."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import add_row
from backend.core.revisions import bump
from backend.domains.catalog import queries as catalog
from backend.domains.policies import queries
from backend.domains.policies.model import PolicyStatement
from backend.domains.policies.rules.administering import refuse_beginning, refuse_scope, refuse_settings
from backend.domains.policies.rules.statements import SETTINGS, Scope
from backend.domains.territory import queries as territory
from backend.domains.territory.rules.areas import Level


def set_policy(
    session: Session,
    act: Act,
    *,
    scope: Scope,
    key: str = "",
    area: str = "",
    valid_from: dt.datetime | None = None,
    reason: str = "",
    settings: Mapping[str, Any],
) -> PolicyStatement:
    """Say what holds from a moment on (now where none is named) for a category, a trade or all, everywhere or in a district or town.

    `settings` has those of `rules.statements.SETTINGS` that it says; one without any withdraws what was said for this scope. For the past
    only the set-up of a system may speak. Raises FilingPolicyInvalid, PolicyInvalid.
    """
    held = catalog.catalogue(session)
    categories = {category.key for edition in held.editions for category in held.categories(edition.number)}
    areas = {each.code for each in territory.territory(session).newest.values() if each.level in (Level.DISTRICT, Level.TOWN)}
    refuse_scope(scope, key, area, categories=categories, areas=areas)
    refuse_settings(settings)
    if valid_from is not None and act.actor.person is not None:
        refuse_beginning(valid_from, act.at)
    bump(session, act, queries.REVISION)  # first: it is locked until the commit, and with it the next number
    statement = PolicyStatement(
        number=queries.last_number(session) + 1,
        area=area,
        scope=scope,
        key=key,
        valid_from=valid_from or act.at,
        **{name: settings.get(name) for name in SETTINGS},
        reason=reason,
        set_by=act.actor.person,
        set_at=act.at,
    )
    add_row(session, statement)
    session.flush()
    said = {name: settings[name] for name in SETTINGS if name in settings}
    act.tell(
        "policy.set", "policy", str(statement.number), area=area, scope=scope, key=key, valid_from=statement.valid_from.isoformat(), **said
    )
    return statement


def set_filing_policy(
    session: Session,
    act: Act,
    *,
    scope: Scope,
    auto_file: bool,
    auto_dispatch: bool,
    key: str = "",
    valid_from: dt.datetime | None = None,
) -> PolicyStatement:
    """Say whether findings are filed and dispatched by themselves; what else is said for this scope goes on. Raises as `set_policy`."""
    before = queries.book(session).last("", scope, key, valid_from or act.at)
    settings = {**(before.settings if before else {}), "auto_file": auto_file, "auto_dispatch": auto_dispatch}
    statement = set_policy(session, act, scope=scope, key=key, valid_from=valid_from, settings=settings)
    act.tell(
        "filing_policy.set",
        "filing_policy",
        str(statement.number),
        scope=scope,
        key=key,
        valid_from=statement.valid_from.isoformat(),
        auto_file=auto_file,
        auto_dispatch=auto_dispatch,
    )
    return statement
