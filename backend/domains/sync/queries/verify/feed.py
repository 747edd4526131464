"""The feed: who is said to see an entity is who may, and no number is ahead of the clock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.journal import Clock, FeedMember, JournalEntry
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.rules.moves import ENDED
from backend.domains.findings.rules.visibility import scopes_of
from backend.domains.patrols.model import Absence, Patrol, Shift
from backend.domains.patrols.rules.rosters import Away, Planned, scopes_of_shift
from backend.domains.sync.queries.verify.report import Violation, pages, stream

_RESTING = {*ENDED, "closed"}


def feed(session: Session) -> Iterator[Violation]:
    """Members against entities, both ways: each member is one its entity is in, and each entity is in all its scopes.

    What ended and was retired from the feed is in none of them.
    """
    top = session.scalar(sa.select(Clock.seq)) or 0
    for row in stream(session, sa.select(FeedMember.__table__).where(FeedMember.seq > top)):
        yield Violation("feed", f"{row.subject_type} {row.subject} in {row.scope}", f"number {row.seq}, the clock stands at {top}")
    yield from _members(session, "finding", Finding, lambda row: set(scopes_of(row)))
    yield from _members(session, "patrol", Patrol, lambda row: {f"user:{row.inspector}"})
    now = session.scalar(sa.select(JournalEntry.at).order_by(JournalEntry.seq.desc()).limit(1))
    yield from _members(session, "shift", Shift, _holders(session), lambda row: now is not None and row.until <= now)


def _holders(session: Session) -> Callable[[Any], set[str]]:
    """Whose a shift is: its person's, and those of who covers it."""
    away: dict[UUID, list[Away]] = defaultdict(list)
    for person, since, until, covered_by in session.execute(sa.select(Absence.person, Absence.since, Absence.until, Absence.covered_by)):
        away[person].append(Away(person, since, until, covered_by))

    def scopes(row: Any) -> set[str]:
        return set(scopes_of_shift(Planned(row.id, row.person, row.responsibility_grid, row.since, row.until), away[row.person]))

    return scopes


def _ended(row: Any) -> bool:
    return row.state in _RESTING


def _members(session: Session, kind: str, model: Any, scopes: Any, rests: Callable[[Any], bool] = _ended) -> Iterator[Violation]:
    wanted = 0
    for page in pages(session, sa.select(model.__table__).order_by(model.id)):
        inside = {str(row.id): scopes(row) for row in page}
        wanted += sum(map(len, inside.values()))
        by_scope: dict[str, list[str]] = {}
        for subject, each in inside.items():
            for scope in each:
                by_scope.setdefault(scope, []).append(subject)
        there: dict[tuple[str, str], int] = {}
        for scope, subjects in by_scope.items():
            query = sa.select(FeedMember.subject, FeedMember.version).where(
                FeedMember.scope == scope, FeedMember.subject_type == kind, FeedMember.subject.in_(subjects), FeedMember.present.is_(True)
            )
            there.update({(scope, row.subject): row.version for row in session.execute(query)})
        for row in page:
            yield from _missing(kind, row, sorted(inside[str(row.id)]), there, rests)
    present = sa.and_(FeedMember.subject_type == kind, FeedMember.present.is_(True))
    if (session.scalar(sa.select(sa.func.count()).select_from(FeedMember).where(present)) or 0) > wanted:
        yield from _beyond(session, kind, model, scopes)


def _missing(
    kind: str, row: Any, scopes: list[str], there: dict[tuple[str, str], int], rests: Callable[[Any], bool]
) -> Iterator[Violation]:
    versions = {scope: there.get((scope, str(row.id))) for scope in scopes}
    if not any(versions.values()) and rests(row):
        return
    for scope, version in versions.items():
        if version is None:
            yield Violation("feed", f"{kind} {row.id}", f"not shown in {scope}, where it is")
        elif version != row.version:
            yield Violation("feed", f"{kind} {row.id}", f"version {version} in {scope}, it has {row.version}")


def _beyond(session: Session, kind: str, model: Any, scopes: Any) -> Iterator[Violation]:
    """Members too many: looked for only where the count says that there are any."""
    query = sa.select(FeedMember.scope, FeedMember.subject).where(FeedMember.subject_type == kind, FeedMember.present.is_(True))
    for page in pages(session, query):
        ids = {UUID(row.subject) for row in page}
        inside = {str(row.id): scopes(row) for row in session.execute(sa.select(model.__table__).where(model.id.in_(ids)))}
        for row in page:
            if row.scope not in inside.get(row.subject, ()):
                yield Violation("feed", f"{kind} {row.subject}", f"shown in {row.scope}, where it is not")
