"""Whether a phone can hold what a person's roles open: asked when a role is granted."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Actor, Told
from backend.core.journal import FeedMember
from backend.domains.identity import queries as identity
from backend.domains.sync.queries.feed import scopes_of_reader
from backend.domains.sync.rules import capacity as rules


def check_capacity(session: Session, told: Sequence[Told]) -> None:
    """Raise TooManyEntities where a role just granted opens more to a person than a phone holds, with the roles held or given already.

    A grant that opens nothing new is not refused, whatever the person held before.
    """
    known: dict[tuple[str, ...], int] = {}

    def size(scopes: list[str]) -> int:
        key = tuple(scopes)
        if key not in known:
            known[key] = count_entities(session, scopes, most=rules.CAP + 1)
        return known[key]

    for person in dict.fromkeys(UUID(item.subject) for item in told):
        granted = {(item.facts["role"], item.facts["unit"]) for item in told if item.subject == str(person)}
        at = told[0].act.at
        standing = identity.standing_of(session, person)
        lasting = [grant for grant in standing.grants if grant.until is None or grant.until > at]
        before = [grant for grant in lasting if (grant.role, grant.unit) not in granted]
        after_scopes, before_scopes = (
            rules.counted(scopes_of_reader(Actor(person, standing.login, standing.name, tuple(grants)))) for grants in (lasting, before)
        )
        if after_scopes == before_scopes:
            continue
        count = size(after_scopes)
        if count > rules.CAP:
            own = {scope: size([scope]) for scope in after_scopes}
            sizes = ", ".join(f"{scope} {_shown(entities)}" for scope, entities in own.items())
            raise rules.TooManyEntities(
                f"{standing.login} would pull more than {rules.CAP} entities in all ({sizes})",
                errors=[("/unit", f"opens more than a phone holds: {_shown(count)} entities with the other roles, at most {rules.CAP}")],
                limit=rules.CAP,
                scopes=own,
            )


def count_entities(session: Session, scopes: Sequence[str], *, most: int) -> int:
    """How many entities are in any of these scopes, counted up to `most`."""
    inside = sa.select(FeedMember.subject_type, FeedMember.subject).where(FeedMember.scope.in_(scopes), FeedMember.present.is_(True))
    return session.scalar(sa.select(sa.func.count()).select_from(inside.distinct().limit(most).subquery())) or 0


def _shown(entities: int) -> str:
    return f"over {rules.CAP}" if entities > rules.CAP else str(entities)
