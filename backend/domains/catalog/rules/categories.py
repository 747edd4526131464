"""Categories as they lie in memory: frozen, found by dictionary, so that thousands of findings a second can ask."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from zoneinfo import ZoneInfo

Kind = Literal["component", "event"]
KINDS: tuple[Kind, ...] = ("component", "event")

TRADES: dict[str, tuple[str, str]] = {
    "municipal": ("市政", "municipal works"),
    "greening": ("绿化", "greening"),
    "sanitation": ("环卫", "sanitation"),
    "cleaning": ("保洁", "cleaning"),
    "enforcement": ("执法", "enforcement"),
    "other": ("其他", "other"),
}
"""Trade -> its Chinese and English name (domain.md section 1)."""

UNITS = ("urgent_hours", "working_hours", "working_days", "calendar_days")
"""Units of a limit; `deadlines` says what each counts."""

MAPPED = "category_mapped"
"""Said when the category that holds is not the one that was named."""

LimitSource = Literal["condition", "class_default"]
_SHANGHAI = ZoneInfo("Asia/Shanghai")


def key_of(kind: str, code: str) -> str:
    """The key of a category (or class): `event:06010`."""
    return f"{kind}:{code}"


@dataclass(frozen=True, slots=True)
class Condition:
    """A filing condition with the limit that holds for it.

    `limit_source` says where the limit is from: the condition itself, the default of its class, or None where there is neither: then
    `limit_value` and `limit_unit` are None too. `any_state`: the source has no words, whatever fits the category may be filed.
    """

    number: int
    text: str
    limit_value: int | None
    limit_unit: str | None
    limit_source: LimitSource | None
    closing: str
    source: str

    @property
    def any_state(self) -> bool:
        """Whether the source names no condition."""
        return not self.text


@dataclass(frozen=True, slots=True)
class Category:
    """A component or event subclass in one edition."""

    kind: str
    code: str
    edition: int
    valid_from: dt.date
    class_code: str
    class_zh: str
    class_en: str
    name_zh: str
    name_en: str
    trade: str
    successor: str | None
    version: int
    conditions: Mapping[int, Condition]
    key: str = field(init=False)
    class_key: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", key_of(self.kind, self.code))
        object.__setattr__(self, "class_key", key_of(self.kind, self.class_code))


@dataclass(frozen=True, slots=True)
class EditionFacts:
    """An edition of the catalogue, in force from that day (Asia/Shanghai) until the next one's."""

    number: int
    name: str
    valid_from: dt.date
    source: str


class Catalogue:
    """All editions. Immutable: threads share it.

    `legacy` maps (kind, code of 2013) to the code it has since edition 1.
    """

    def __init__(
        self,
        editions: Iterable[EditionFacts],
        categories: Iterable[Category],
        legacy: Mapping[tuple[str, str], str] | None = None,
    ) -> None:
        self.editions = tuple(sorted(editions, key=lambda edition: edition.number))
        self._legacy = dict(legacy or {})
        # The order in which editions are asked for a moment: the one that began last first.
        self._newest_first = sorted(self.editions, key=lambda edition: (edition.valid_from, edition.number), reverse=True)
        self._categories: dict[int, dict[tuple[str, str], Category]] = {edition.number: {} for edition in self.editions}
        for category in categories:
            self._categories[category.edition][category.kind, category.code] = category

    def edition_at(self, at: dt.datetime | None = None) -> EditionFacts | None:
        """The edition in force at that moment, the newest without one; before the first edition began, the first. None: there is none."""
        if not self._newest_first:
            return None
        if at is None:
            return self._newest_first[0]
        day = at.astimezone(_SHANGHAI).date()
        for edition in self._newest_first:
            if edition.valid_from <= day:
                return edition
        return self._newest_first[-1]

    def edition(self, number: int) -> EditionFacts | None:
        """The edition of that number."""
        return next((edition for edition in self.editions if edition.number == number), None)

    def retired_from(self, category: Category) -> dt.date | None:
        """The day from which its edition is followed by one that does not have it; None while the newest has it."""
        later = (edition for edition in self.editions if edition.number > category.edition)
        key = category.kind, category.code
        return next((edition.valid_from for edition in later if key not in self._categories[edition.number]), None)

    def categories(self, edition: int) -> list[Category]:
        """Those of an edition in the order of its file; none for an unknown edition."""
        return list(self._categories.get(edition, {}).values())

    def find(self, kind: str, code: str, edition: int | None = None, *, at: dt.datetime | None = None) -> Category | None:
        """Exactly this category: of the edition named, else of the one in force at `at` (the newest without it)."""
        if edition is None:
            current = self.edition_at(at)
            if current is None:
                return None
            edition = current.number
        held = self._categories.get(edition)
        return held.get((kind, code)) if held is not None else None

    def resolve(
        self,
        kind: str,
        code: str,
        edition: int | None = None,
        *,
        at: dt.datetime | None = None,
    ) -> tuple[Category, str | None] | None:
        """The category that holds at `at` for what somebody named, with MAPPED where it is another than named. None: nobody knows it.

        The code in the edition in force comes first, whatever edition was named: a condition's number means the same in all. A retired code
        goes to its successor, and again to that one's; a code of 2013 to what it became. One retired without successor, or known only to
        an edition that is not in force yet, stays what it is.
        """
        current = self.find(kind, code, at=at)
        if current is not None:
            return current, None
        known = self.find(kind, code, edition) if edition is not None else None
        known = known or self.last_known(kind, code)
        if known is None:
            legacy = self.map_legacy(kind, code, at=at)
            return (legacy, MAPPED) if legacy is not None else None
        heir = self._heir(known, at)
        return (heir, MAPPED) if heir is not None else (known, None)

    def map_legacy(self, kind: str, code: str, *, at: dt.datetime | None = None) -> Category | None:
        """What a code of the 2013 standard ("01-10") is at `at`. None where it has no place in the catalogue."""
        mapped = self._legacy.get((kind, code))
        if mapped is None:
            return None
        here = self.find(kind, mapped, at=at)
        known = here or self.last_known(kind, mapped)
        if here is not None or known is None:
            return here
        return self._heir(known, at) or known

    def last_known(self, kind: str, code: str) -> Category | None:
        """The category as the newest edition that has it has it, in force or not: what phones are shown."""
        for edition in self._newest_first:
            known = self._categories[edition.number].get((kind, code))
            if known is not None:
                return known
        return None

    def _heir(self, known: Category, at: dt.datetime | None) -> Category | None:
        """Who took its place in the edition in force; a ring of successors ends."""
        seen = {known.key}
        link: Category | None = known
        while link is not None and link.successor is not None and link.successor not in seen:
            seen.add(link.successor)
            kind, _, code = link.successor.partition(":")
            here = self.find(kind, code, at=at)
            if here is not None:
                return here
            link = self.last_known(kind, code)
        return None
