"""Codes of GB/T 30428.2-2013 ("01-10", class and subclass of two digits each) and what became of them in GB/T 47678.5-2026.

The rules were found by comparing the lists (no official concordance was readable). Components keep their class and the last two digits.
Events move: class 01 -> 06, 02 -> 07, 03 -> 08, 04 -> 09, last two digits kept. What departs from it stands below.
"""

from __future__ import annotations

from collections.abc import Iterable

_EVENT_CLASS = {"06": "01", "07": "02", "08": "03", "09": "04"}

_MOVED = {
    ("component", "05-06"): "01069",
    ("component", "05-07"): "01070",
    ("component", "05-08"): "01071",
    ("component", "05-04"): "L0504",  # gone in 2026, kept locally
    ("event", "05-07"): "10001",
    ("event", "05-08"): "10002",
    ("event", "06-02"): "09013",
    ("event", "01-31"): "L0131",  # gone in 2026, kept locally, as the next
    ("event", "02-05"): "L0205",
    ("event", "05-01"): "L0501",  # the emergencies of 2013 that 2026 does not have
    ("event", "05-02"): "L0502",
    ("event", "05-03"): "L0503",
    ("event", "05-04"): "L0504",
    ("event", "05-05"): "L0505",
    ("event", "05-06"): "L0506",
    ("event", "06-04"): "L0604",
}

# Subclasses new in 2026: the city standard of 2013 lists their conditions under local codes (90 and up), not under their digits.
_NEW = {
    "component": {"01061", "01074", "02034", "03016", "04011", "04012", "04013"},
    "event": {
        *("06039", "06040", "06041", "06042", "06043", "06044", "06045", "06046", "06048", "06049", "06050", "06051", "06052"),
        *("07008", "08014", "08015", "09011", "09012", "09016", "09017", "09020", "09021", "09022"),
    },
}


def legacy_codes(categories: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """(kind, code of 2013) -> code, for the (kind, code) pairs of an edition. A code of 2013 that none of them continues is absent."""
    present = set(categories)
    moved_here = {(kind, code) for (kind, _), code in _MOVED.items()}
    found = {(kind, legacy): code for (kind, legacy), code in _MOVED.items() if (kind, code) in present}
    for kind, code in present - moved_here:
        legacy = _by_rule(kind, code)
        if legacy is not None:
            found.setdefault((kind, legacy), code)
    return found


def _by_rule(kind: str, code: str) -> str | None:
    if len(code) != 5 or not (code.isascii() and code.isdigit()) or code[2] != "0" or code in _NEW[kind]:
        return None
    before = code[:2] if kind == "component" and code[:2] in {"01", "02", "03", "04", "05"} else _EVENT_CLASS.get(code[:2])
    return f"{before}-{code[3:]}" if before else None
