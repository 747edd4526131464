"""Policies as they are shown."""

from __future__ import annotations

from typing import Any

from backend.domains.deadlines.rules.limits import Limit
from backend.domains.policies.rules.policy import Policy
from backend.domains.policies.rules.statements import SETTINGS, Book, Statement


def policy_doc(policy: Policy) -> dict[str, Any]:
    """Everything that holds."""
    return {
        "version": policy.version,
        "auto_file": policy.auto_file,
        "auto_dispatch": policy.auto_dispatch,
        "photos": {verb: dict(roles) for verb, roles in policy.photos.items()},
        "agree": dict(policy.agree),
        "steps": {step: _limit(limit) for step, limit in policy.steps.items()},
        "reminders": [int(share * 100) for share in policy.reminders],
        "escalation": [{"after": _limit(rung.after), "to": rung.to} for rung in policy.escalation],
        "orphan_after": _limit(policy.orphan_after),
        "bounces_before_leader": policy.bounces_before_leader,
    }


def statement_doc(statement: Statement) -> dict[str, Any]:
    """A statement with what it says; null where it says nothing."""
    return {
        "number": statement.number,
        "area": statement.area,
        "scope": statement.scope,
        "key": statement.key,
        "valid_from": statement.valid_from,
        **{name: statement.settings.get(name) for name in SETTINGS},
    }


def filing_docs(book: Book) -> list[dict[str, Any]]:
    """What the catalogue has always shown: whether a category, trade or all are filed and dispatched by themselves, from when on.

    Only what is said for the whole ground; where a statement leaves one of the two out, what the wider ones say at its beginning.
    """
    said = [each for each in book.statements if not each.area]
    found = []
    for each in said:
        same = [other for other in said if (other.scope, other.key) == (each.scope, each.key)]
        if not any({"auto_file", "auto_dispatch"} & other.settings.keys() for other in same):
            continue
        wider = [other for other in (book.last("", "all", "", each.valid_from), each) if other is not None]
        shown = {"auto_file": False, "auto_dispatch": False}
        for other in wider:
            shown |= {name: other.settings[name] for name in shown if name in other.settings}
        found.append({"scope": each.scope, "key": each.key, "valid_from": each.valid_from, **shown})
    return found


def _limit(limit: Limit) -> dict[str, Any]:
    return {"value": int(limit.value), "unit": limit.unit}
