"""Text as what it is searched by: pairs of neighbouring characters where it is Chinese, whole words and numbers elsewhere.

Chinese is written without spaces, and two characters are the commonest query; pairs find every one of them by an index, on any database.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

LONGEST_WORD = 40
STAFF_ONLY = "\x1e"
"""Behind it, in a text, stands what a contractor does not read. It parts words as a space does, so no query holds it."""
_OF_STAFF = "¶"
MOST_TERMS = 24
"""Of a longer query the first count: they narrow it enough, and what is found is compared with the whole query."""


def folded(text: str) -> str:
    """The text as it is compared: one form for full-width and half-width letters, small letters."""
    return unicodedata.normalize("NFKC", text).casefold()


def grams_of(texts: Iterable[str | None]) -> list[str]:
    """All that these texts can be found by, sorted: pairs of Chinese characters, words, numbers with and without leading zeros."""
    found: set[str] = set()
    for text in texts:
        for run, is_chinese in _runs(folded(text or "")):
            if is_chinese:
                found.update(_pairs(run))
            else:
                found.update(_spellings(run))
    return sorted(found)


def terms_of(query: str) -> list[str]:
    """What must all be among the grams of whatever the query finds. A Chinese character alone is none: it finds too much."""
    terms: dict[str, None] = {}
    for run, is_chinese in _runs(folded(query)):
        if is_chinese:
            terms.update(dict.fromkeys(_pairs(run)))
        else:
            terms[run[:LONGEST_WORD]] = None
    return list(terms)[:MOST_TERMS]


def staff_gram(gram: str) -> str:
    """The gram as it stands in the index for words that a contractor does not read. No word is ever like one, and none like a scope."""
    return _OF_STAFF + gram


def fits(query: str, text: str, *, outsider: bool = False) -> bool:
    """Whether the folded text holds each part of the query that stands between spaces, as it is written; what an outsider reads of it."""
    read = text.partition(STAFF_ONLY)[0] if outsider else text
    return all(part in read for part in folded(query).split())


def _runs(text: str) -> list[tuple[str, bool]]:
    """Runs of Chinese characters, and of other letters and digits; what is neither parts them."""
    runs: list[tuple[str, bool]] = []
    last: bool | None = None
    for letter in text:
        kind = _is_chinese(letter) if letter.isalnum() else None
        if kind is None:
            last = None
        elif kind == last:
            runs[-1] = (runs[-1][0] + letter, kind)
        else:
            runs.append((letter, kind))
            last = kind
    return runs


def _is_chinese(letter: str) -> bool:
    return "㐀" <= letter <= "鿿" or "豈" <= letter <= "﫿" or letter >= "\U00020000" or letter == "〇"


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)]


def _spellings(run: str) -> set[str]:
    return {run[:LONGEST_WORD], _plain(run)}


def _plain(run: str) -> str:
    """A number without its leading zeros: people quote 123 of 330113-20260721-000123."""
    return (run.lstrip("0") or "0" if run.isdigit() else run)[:LONGEST_WORD]


def scope_grams(scopes: Iterable[str]) -> list[str]:
    """The scopes of `rules.visibility` as grams, so that an index narrows a search to what its reader may see. No word is ever like one.

    The district's is left out: it would stand on every finding.
    """
    return sorted(f"§{kind}{key.replace('-', '')}" for kind, _, key in (scope.partition(":") for scope in scopes) if kind != "district")
