"""Kinds of message: what each says in both languages, how urgent it is and which channels carry it unless a person chooses otherwise.

The domain that tells declares its kinds; the table of all is put up at start (`entrypoints.announcements`).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Any

from backend.core.problems import Invalid
from backend.domains.territory.rules.territory import SHANGHAI

CHANNELS = ("in_app", "email", "digest", "webhook")
"""The inbox, a mail at once, a line of the daily mail, a signed POST."""
IN_APP = ("in_app", "webhook")
PLAIN = ("in_app", "digest", "webhook")
LOUD = ("in_app", "email", "webhook")
_LONGEST = 400
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_UNSAFE = re.compile(r"[\s\x00-\x1f\x7f\u2028\u2029]+")


class UnknownKind(Invalid):
    """No message of this kind is ever sent."""

    slug = "message_kind_unknown"
    title = "There is no such kind of message"
    title_zh = "没有该类消息"
    way_out = "GET /api/v1/message-kinds lists them; `*` stands for all that are not named."
    way_out_zh = "可通过 GET /api/v1/message-kinds 查看全部类别；* 表示其余未列出的类别。"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence in both languages, with the names of facts in braces. It is left out where one of its facts is missing."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of message. `urgent`: quiet hours do not hold it up, and the inbox always has it."""

    name: str
    title: Sentence
    text: tuple[Sentence, ...] = ()
    urgent: bool = False
    channels: tuple[str, ...] = PLAIN


@dataclass(frozen=True, slots=True)
class Words:
    """What a message says."""

    title: str
    title_zh: str
    text: str
    text_zh: str


_KINDS: dict[str, Kind] = {}


def put_up(kinds: Iterable[Kind]) -> None:
    """These are all the kinds there are, in this process."""
    _KINDS.clear()
    for kind in kinds:
        if kind.name in _KINDS:
            raise ValueError(f"two kinds of message share the name {kind.name}")
        _KINDS[kind.name] = kind


def all_kinds() -> Sequence[Kind]:
    """Every kind, in the order in which they were put up."""
    return list(_KINDS.values())


def kind_of(name: str) -> Kind | None:
    """The kind of this name; None for one that messages of an earlier version may still have."""
    return _KINDS.get(name)


def get_kind(name: str) -> Kind:
    """The kind of this name. Raises UnknownKind."""
    found = _KINDS.get(name)
    if found is None:
        raise UnknownKind(f"{name[:80]!r} is no kind of message", errors=[("/kind", "unknown")])
    return found


def check_names(names: Iterable[str], *, at: str, others: str = "") -> None:
    """Refuse names that are no kinds; `others` is a name that is allowed beside them. Raises UnknownKind, naming each below `at`."""
    wrong = sorted({name for name in names if name not in _KINDS and name != others})
    if wrong:
        raise UnknownKind(
            f"no kind of message is called {', '.join(wrong)[:200]}", errors=[(f"{at}/{_pointer(name)}", "unknown") for name in wrong]
        )


def _pointer(name: str) -> str:
    return name[:80].replace("~", "~0").replace("/", "~1")


def words_of(name: str, facts: Mapping[str, Any]) -> Words:
    """What a message of this kind with these facts says, each on one line. One whose kind is known no more says its name."""
    kind = _KINDS.get(name) or Kind(name, Sentence(name, name))
    zh, en = _Facts(facts, "zh"), _Facts(facts, "en")
    text_zh = [said for each in kind.text if (said := zh.said(each.zh)) is not None]
    text_en = [said for each in kind.text if (said := en.said(each.en)) is not None]
    return Words(
        title=en.said(kind.title.en) or name,
        title_zh=zh.said(kind.title.zh) or name,
        text=" ".join(text_en),
        text_zh="".join(text_zh),
    )


class _Facts:
    """Facts as words of one language: of a fact `x` the one named `x_zh` or `x_en` goes first; moments are local time."""

    def __init__(self, facts: Mapping[str, Any], language: str) -> None:
        self._facts, self._language = facts, language

    def said(self, template: str) -> str | None:
        """The sentence; None where a fact it needs is missing."""
        named = {name for _, name, _, _ in Formatter().parse(template) if name}
        values = {name: self._value(name) for name in named}
        if None in values.values():
            return None
        return template.format_map({name: self._shown(value) for name, value in values.items()})

    def _value(self, name: str) -> Any:
        own = self._facts.get(f"{name}_{self._language}")
        value = self._facts.get(name) if own is None else own
        return None if value in ("", []) else value

    def _shown(self, value: Any) -> str:
        if isinstance(value, str) and _MOMENT.match(value):
            try:
                return local_moment(dt.datetime.fromisoformat(value), self._language)
            except ValueError:  # a text that only begins like a moment
                pass
        text = _UNSAFE.sub(" ", str(value)).strip()
        return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def facts_named(kind: Kind, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Of these facts those that its words name: what a message does not say, its reader does not get."""
    sentences = (kind.title, *kind.text)
    named = {name for each in sentences for text in (each.zh, each.en) for _, name, _, _ in Formatter().parse(text) if name}
    return {name: value for name, value in facts.items() if {name, name.removesuffix("_zh"), name.removesuffix("_en")} & named}


def local_moment(at: dt.datetime, language: str) -> str:
    """A moment as people of the district read it."""
    local = at.astimezone(SHANGHAI)
    if language == "zh":
        return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"
    return f"{local:%Y-%m-%d %H:%M}"
