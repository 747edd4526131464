"""The writes of the catalogue: an edition, a default limit. Each renews what lies in memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import add_row, lock_row
from backend.core.revisions import bump
from backend.domains.catalog import queries
from backend.domains.catalog.model import ClassDefaultLimit, Condition, Edition, LegacyCode, Subclass
from backend.domains.catalog.rules.administering import (
    CategoryMissing,
    refuse_edition,
    refuse_limit,
    refuse_successors,
)
from backend.domains.catalog.rules.categories import key_of
from backend.domains.catalog.rules.edition_file import read_edition
from backend.domains.catalog.rules.legacy import legacy_codes

EVERYBODY = ("ref",)


def load_edition(
    session: Session,
    act: Act,
    *,
    number: int,
    name: str,
    valid_from: dt.date,
    source: str,
    csv: str,
    successors: Mapping[str, str] | None = None,
) -> Edition:
    """Load an edition from the text of its CSV file: all of it or nothing.

    `successors` names for categories that this edition retires the one that takes their place ({"event:06010": "event:06099"}). Default
    limits of the last edition go on for classes that keep their code. Raises CatalogFaults, EditionClash, SuccessorInvalid.
    """
    last = queries.last_edition(session)
    refuse_edition(number, valid_from, (last.number, last.valid_from) if last else None)
    subclasses = read_edition(csv, _earlier(session))
    before = {row.code_key: row for row in _subclasses(session, last.number)} if last else {}
    present = {row.key for row in subclasses}
    refuse_successors(successors or {}, before, present)
    versions = _versions(session)
    edition = add_row(
        session,
        Edition(number=number, name=name, valid_from=valid_from, source=source, loaded_at=act.at, loaded_by=act.actor.person),
    )
    session.flush()  # parents before children: the tables know each other by foreign keys only
    for position, row in enumerate(subclasses):
        version = versions.get((row.kind, row.code), 0) + 1
        subclass = Subclass(
            edition=number,
            kind=row.kind,
            code=row.code,
            position=position,
            class_code=row.class_code,
            class_zh=row.class_zh,
            class_en=row.class_en,
            name_zh=row.name_zh,
            name_en=row.name_en,
            trade=row.trade,
            successor=None,
            version=version,
        )
        session.add(subclass)
        act.tell("catalog.loaded", "category", row.key, version=version, scopes=EVERYBODY, edition=number)
    session.flush()
    for row in subclasses:
        session.add_all(
            Condition(
                edition=number,
                kind=row.kind,
                code=row.code,
                number=condition.number,
                text=condition.text,
                limit_value=condition.limit_value,
                limit_unit=condition.limit_unit,
                closing=condition.closing,
                source=condition.source,
            )
            for condition in row.conditions
        )
    for key, retired in before.items():
        if key not in present:
            retired.successor = (successors or {}).get(key)
            retired.version += 1
            heir = retired.successor
            act.tell("catalog.retired", "category", key, version=retired.version, scopes=EVERYBODY, edition=number, successor=heir)
    _carry_defaults(session, last, number, {(row.kind, row.class_code) for row in subclasses})
    known = {(kind, legacy) for kind, legacy in session.execute(sa.select(LegacyCode.kind, LegacyCode.legacy))}
    for (kind, legacy), code in legacy_codes((row.kind, row.code) for row in subclasses).items():
        if (kind, legacy) not in known:
            session.add(LegacyCode(kind=kind, legacy=legacy, code=code))
    act.tell("edition.loaded", "catalog_edition", str(number), valid_from=valid_from.isoformat(), subclasses=len(subclasses))
    bump(session, act, queries.REVISION)
    return edition


def set_class_default(
    session: Session, act: Act, *, kind: str, class_code: str, value: int, unit: str, edition: int | None = None
) -> ClassDefaultLimit:
    """Set the limit of those conditions of a class that have none of their own, in an edition (the last where none is named).

    Raises LimitUnfit, CategoryMissing.
    """
    refuse_limit(value, unit)
    last = queries.last_edition(session)
    number = edition if edition is not None else (last.number if last else 0)
    rows = [row for row in _subclasses(session, number) if (row.kind, row.class_code) == (kind, class_code)]
    if not rows:
        raise CategoryMissing(f"edition {number} has no class {key_of(kind, class_code)}", errors=[("/class_code", "no such class")])
    default = lock_row(session, ClassDefaultLimit, (number, kind, class_code))
    was = (default.value, default.unit) if default else None
    if default is None:
        default = add_row(
            session,
            ClassDefaultLimit(
                edition=number, kind=kind, class_code=class_code, value=value, unit=unit, set_by=act.actor.person, set_at=act.at
            ),
        )
    else:
        default.value, default.unit, default.set_by, default.set_at = value, unit, act.actor.person, act.at
    open_limit = sa.select(Condition.code).where(Condition.edition == number, Condition.kind == kind, Condition.limit_value.is_(None))
    without = set(session.scalars(open_limit))
    newest = _newest(session)
    for row in rows:
        # Phones are shown the newest edition that has the category: what an older one says of it is no change to them.
        if row.code in without and newest[row.kind, row.code] == number:
            row.version += 1
            act.tell("class_default.reached", "category", row.code_key, version=row.version, scopes=EVERYBODY)
    subject = f"{number}:{key_of(kind, class_code)}"
    act.tell("class_default.set", "class_default_limit", subject, value=value, unit=unit, was=list(was) if was else None)
    bump(session, act, queries.REVISION)
    return default


def _subclasses(session: Session, edition: int) -> list[Subclass]:
    return list(session.scalars(sa.select(Subclass).where(Subclass.edition == edition).order_by(Subclass.position)))


def _earlier(session: Session) -> dict[tuple[str, str], dict[str, int]]:
    """The number of every condition's words in the editions there are."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    for kind, code, text, number in session.execute(sa.select(Condition.kind, Condition.code, Condition.text, Condition.number)):
        found.setdefault((kind, code), {})[text] = number
    return found


def _versions(session: Session) -> dict[tuple[str, str], int]:
    query = sa.select(Subclass.kind, Subclass.code, sa.func.max(Subclass.version)).group_by(Subclass.kind, Subclass.code)
    return {(kind, code): version for kind, code, version in session.execute(query)}


def _newest(session: Session) -> dict[tuple[str, str], int]:
    query = sa.select(Subclass.kind, Subclass.code, sa.func.max(Subclass.edition)).group_by(Subclass.kind, Subclass.code)
    return {(kind, code): edition for kind, code, edition in session.execute(query)}


def _carry_defaults(session: Session, last: Edition | None, number: int, classes: set[tuple[str, str]]) -> None:
    if last is None:
        return
    for row in session.scalars(sa.select(ClassDefaultLimit).where(ClassDefaultLimit.edition == last.number)):
        if (row.kind, row.class_code) in classes:
            session.add(
                ClassDefaultLimit(
                    edition=number,
                    kind=row.kind,
                    class_code=row.class_code,
                    value=row.value,
                    unit=row.unit,
                    set_by=row.set_by,
                    set_at=row.set_at,
                )
            )
