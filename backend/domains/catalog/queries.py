"""What others ask the catalogue. Everything but `find_edition` is answered from memory."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.revisions import Held
from backend.domains.catalog.model import ClassDefaultLimit, Condition, Edition, LegacyCode, Subclass
from backend.domains.catalog.rules import categories as values
from backend.domains.catalog.rules.administering import CategoryMissing
from backend.domains.catalog.rules.documents import catalog_doc, category_doc

REVISION = "catalog"


@dataclass(frozen=True, slots=True)
class Filing:
    """What another domain says of filing and dispatch by themselves, shown with the catalogue: all of it, and what holds for a category."""

    said: Callable[[Session], list[dict[str, Any]]]
    holds: Callable[[Session, values.Category, dt.datetime], Any]


_FILING: list[Filing] = []


def show_filing(by: Filing) -> None:
    """Called once by the domain above that knows: the catalogue shows it and knows nothing of where it is from."""
    _FILING[:] = [by]


def filing_of(session: Session, category: values.Category, at: dt.datetime) -> Any:
    """Whether findings of the category are filed and dispatched by themselves at that moment (`auto_file`, `auto_dispatch`)."""
    return _FILING[0].holds(session, category, at)


def catalogue(session: Session) -> values.Catalogue:
    """All editions in memory, as they stand at this transaction. Frozen, quick, shared between threads: take it once a request."""
    return _HELD.get(session)


def category_docs(session: Session, keys: Collection[str]) -> dict[str, dict[str, Any]]:
    """What phones are shown of these `kind:code` keys, from the newest edition that has each; unknown keys are absent."""
    held = catalogue(session)
    found = {}
    for key in keys:
        kind, _, code = key.partition(":")
        category = held.last_known(kind, code)
        if category is not None:
            found[key] = category_doc(held, category)
    return found


def catalog_document(session: Session, edition: int | None, at: dt.datetime) -> tuple[str, bytes]:
    """Entity tag and JSON of a whole edition, of the one in force at `at` where none is named. Raises CategoryMissing."""
    held = catalogue(session)
    chosen = held.edition_at(at) if edition is None else held.edition(edition)
    if chosen is None:
        detail = "no edition of the catalogue is loaded" if edition is None else f"there is no edition {edition}"
        raise CategoryMissing(detail, errors=[("/edition", detail)])
    tag, body = _DOCUMENTS.get(session)[chosen.number]
    said = orjson.dumps(_FILING[0].said(session))
    return hashlib.sha256(tag.encode() + said).hexdigest()[:32], body[:-1] + b',"policies":' + said + b"}"


def get_category(
    session: Session, kind: str, code: str, *, edition: int | None = None, at: dt.datetime
) -> tuple[values.Catalogue, values.Category, str | None]:
    """The catalogue, the category that holds for what was named (see `Catalogue.resolve`) and "category_mapped" where it is another.

    With an edition named, exactly that one's. Raises CategoryMissing.
    """
    held = catalogue(session)
    if edition is not None:
        exact = held.find(kind, code, edition)
        if exact is None:
            raise CategoryMissing(f"there is no {kind}:{code} in edition {edition}")
        return held, exact, None
    found = held.resolve(kind, code, at=at)
    if found is None:
        raise CategoryMissing(f"there is no {kind}:{code}")
    return held, *found


def find_edition(session: Session, number: int) -> Edition | None:
    """The edition of this number, for who wants to know whether it is loaded."""
    return session.get(Edition, number)


def last_edition(session: Session) -> Edition | None:
    """The edition with the highest number."""
    return session.scalar(sa.select(Edition).order_by(Edition.number.desc()).limit(1))


def _load(session: Session) -> values.Catalogue:
    """The whole catalogue from its tables."""
    editions = {row.number: row for row in session.scalars(sa.select(Edition))}
    defaults = {(row.edition, row.kind, row.class_code): (row.value, row.unit) for row in session.scalars(sa.select(ClassDefaultLimit))}
    conditions: dict[tuple[int, str, str], list[Condition]] = defaultdict(list)
    for condition in session.scalars(sa.select(Condition).order_by(Condition.number)):
        conditions[condition.edition, condition.kind, condition.code].append(condition)
    found = []
    for row in session.scalars(sa.select(Subclass).order_by(Subclass.edition, Subclass.position)):
        default = defaults.get((row.edition, row.kind, row.class_code))
        category = values.Category(
            kind=row.kind,
            code=row.code,
            edition=row.edition,
            valid_from=editions[row.edition].valid_from,
            class_code=row.class_code,
            class_zh=row.class_zh,
            class_en=row.class_en,
            name_zh=row.name_zh,
            name_en=row.name_en,
            trade=row.trade,
            successor=row.successor,
            version=row.version,
            conditions=MappingProxyType({own.number: _value(own, default) for own in conditions[row.edition, row.kind, row.code]}),
        )
        found.append(category)
    facts = [values.EditionFacts(row.number, row.name, row.valid_from, row.source) for row in editions.values()]
    legacy = {(row.kind, row.legacy): row.code for row in session.scalars(sa.select(LegacyCode))}
    return values.Catalogue(facts, found, legacy)


def _value(row: Condition, default: tuple[int, str] | None) -> values.Condition:
    source: values.LimitSource | None = "condition"
    value, unit = row.limit_value, row.limit_unit
    if value is None:
        value, unit = default or (None, None)
        source = "class_default" if default else None
    return values.Condition(row.number, row.text, value, unit, source, row.closing, row.source)


def _dump(session: Session) -> dict[int, tuple[str, bytes]]:
    """Entity tag and bytes of every edition."""
    held = catalogue(session)
    bodies = {edition.number: orjson.dumps(catalog_doc(held, edition)) for edition in held.editions}
    return {number: (hashlib.sha256(body).hexdigest()[:32], body) for number, body in bodies.items()}


_HELD = Held(REVISION, _load)
_DOCUMENTS = Held(REVISION, _dump)
