"""What stands within bodies, for the OpenAPI document: the lines of a push, one schema an operation, and the changes of a pull.

A push is one body of bytes to OpenAPI; a client author still wants its lines typed. They follow from the table of operations.
"""

from __future__ import annotations

from typing import Any

from backend.core.http.api import Api, Components
from backend.domains.sync.judging.operations import OPERATIONS

DOCUMENTS = {
    "finding": "FindingDoc",
    "patrol": "PatrolDoc",
    "shift": "ShiftDoc",
    "area": "AreaDoc",
    "category": "CategoryDoc",
    "calendar": "CalendarYearDoc",
}
"""The document of each type in the feed, by the name its domain gives it."""

_UUID = {"type": "string", "format": "uuid"}
_TIME = {"type": "string", "format": "date-time"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_MILLISECONDS = {"type": ["number", "null"], "description": "Monotonic clock at that moment; null where the platform has none"}
_BOOT = {**_TEXT_OR_NULL, "description": "Names the boot within which mono_ms counts"}
_BASE = {"type": ["integer", "null"], "description": "The version of the entity the phone saw; null: its own, new"}
_NUMBER = {"type": "integer", "description": "Its number in the journal and feed: rises through all pages"}


def described(api: Api) -> Components:
    """The schemas of lines and changes."""
    return {**_header(), **_operations(api), **_changes()}


def _header() -> Components:
    anchor = _object(
        "A moment at which true time was known",
        {"boot": {"type": "string"}, "mono_ms": {"type": "number"}, "time": _TIME, "source": {"type": "string"}},
        optional=("source",),
    )
    chain = _object(
        "The chain hash over the lines 1..through as the phone has it", {"through": {"type": "integer"}, "hash": {"type": "string"}}
    )
    header = _object(
        "Line 1 of a push: who sends, and what its clocks say now",
        {
            "h": {"type": "integer", "const": 1},
            "replica": _UUID,
            "epoch": _TEXT_OR_NULL,
            "sent_at": _TIME,
            "boot": _BOOT,
            "mono_ms": _MILLISECONDS,
            "anchors": {"type": "array", "items": _ref("Anchor")},
            "outbox_depth": {"type": ["integer", "null"], "description": "How many operations the phone holds, these among them"},
            "chain": _ref("SentChain"),
        },
        optional=("epoch", "boot", "mono_ms", "anchors", "outbox_depth", "chain"),
    )
    return {"Anchor": anchor, "SentChain": chain, "PushHeader": header}


def _operations(api: Api) -> Components:
    made: Components = {}
    for (verb, version), kind in sorted(OPERATIONS.items()):
        name = _camel(verb) + "Operation" + (f"V{version}" if version > 1 else "")
        made[f"{name}Entity"] = _object(
            "The entity that the operation is on",
            {"type": {"type": "string", "const": kind.entity}, "id": _UUID, "base": _BASE},
            optional=("base",),
        )
        made[name] = _object(
            f"A line of a push: `{verb}`, version {version}",
            {
                "op": _UUID,
                "seq": {"type": "integer", "minimum": 1, "description": "1, 2, 3 … within the replica"},
                "t": {"type": "string", "const": verb},
                "v": {"type": "integer", "const": version},
                "at": _TIME,
                "boot": _BOOT,
                "mono_ms": _MILLISECONDS,
                "deps": {"type": "array", "items": _UUID, "description": "Operations that must come first"},
                "e": _ref(f"{name}Entity"),
                "d": api.sent(kind.schema),
            },
            optional=("boot", "mono_ms", "deps"),
        )
    lines = [name for name in made if not name.endswith("Entity")]
    return {
        **made,
        "Operation": _one_of(
            "A line of a push after the first, by `t`. Serialise it once and resend those bytes. Further members are kept and ignored.",
            lines,
        ),
    }


def _changes() -> Components:
    made: Components = {}
    for kind, document in DOCUMENTS.items():
        made[f"Put{_camel(kind)}"] = _object(
            f"A {kind} as it is now, masked for the reader",
            {
                "s": _NUMBER,
                "k": {"type": "string", "const": "put"},
                "type": {"type": "string", "const": kind},
                "id": {"type": "string"},
                "ver": {"type": "integer"},
                "scopes": {"type": "array", "items": {"type": "string"}, "description": "Those of the reader's that hold it"},
                "doc": _ref(document),
            },
        )
    made["Drop"] = _object(
        "An entity that the phone may forget, but for unsent and unsettled work on it",
        {
            "s": _NUMBER,
            "k": {"type": "string", "const": "drop"},
            "type": {"type": "string"},
            "id": {"type": "string"},
            "why": {"type": "string", "description": "`out_of_scope`, `gone`; others may come"},
        },
    )
    text = "A change, by `k` and `type`. Further types come only with a higher `schema` than the one the pull names."
    return {**made, "Change": _one_of(text, list(made))}


def _object(description: str, properties: dict[str, Any], *, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "description": description, "properties": properties, "required": required}


def _one_of(description: str, names: list[str]) -> dict[str, Any]:
    return {"description": description, "oneOf": [_ref(name) for name in names]}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _camel(verb: str) -> str:
    return "".join(part.capitalize() for part in verb.split("_"))
