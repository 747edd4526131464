"""Outcomes of operations, in the words of the protocol."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

Status = Literal["applied", "merged", "conflict", "rejected", "deferred", "received"]

SATISFYING = frozenset({"applied", "merged", "conflict"})
FINAL = frozenset({"applied", "merged", "conflict", "rejected"})

REOPENED = "reopened"
"""Code of an outcome that the desk opened again: it is `received` until it is judged, and keeps the time it was given."""
AHEAD = "awaiting_confirmation"
"""Code of what a phone pushed that is ahead of the server: kept, not judged until an administrator confirms."""

UNDECIDED: dict[str, tuple[Status, str]] = {
    "dependency": ("deferred", "one of its `deps` has not arrived, or waits itself"),
    "parent_rejected": ("deferred", "one of its `deps` was rejected; it follows once that one was judged again"),
    "earlier_operation": ("deferred", "an earlier operation of this phone on the same entity waits"),
    "not_yet": ("deferred", "the entity, patrol, report or photo it names has not arrived, or is not the phone's to see"),
    "unknown_operation": ("deferred", "this server does not know the operation, or not in this version"),
    "base_ahead": ("deferred", "its `base` is a version that this server has not seen: it was restored from a backup"),
    "awaiting_confirmation": ("received", "the phone is ahead of the server; an administrator looks into it"),
    "unexpected": ("received", "judging it failed; it is tried again"),
}
"""Codes of what is not final, beside those of the conflict matrix: with which status, and why."""


@dataclass(slots=True)
class Verdict:
    """What became of one operation in this run; `awaits` is what a deferred one waits for."""

    op: UUID
    seq: int
    verb: str
    status: Status
    code: str | None
    entity_type: str | None
    entity: UUID | None
    at_corrected: dt.datetime
    time_quality: str
    kept_at: dt.datetime
    problem: dict[str, Any] | None = None
    version: int | None = None
    effects: dict[str, Any] | None = None
    awaits: tuple[str, ...] = ()
    at_seq: int | None = None
    earliest_at: dt.datetime | None = None


def shown(outcome: Any, *, line: int | None = None) -> dict[str, Any]:
    """A verdict, or a stored outcome, as one of the `results` of the wire."""
    result = {
        "op": outcome.op,
        "seq": outcome.seq,
        "status": outcome.status,
        "code": outcome.code,
        "problem": outcome.problem,
        "version": outcome.version,
        "at_seq": outcome.at_seq,
        "at_corrected": outcome.at_corrected,
        "time_quality": outcome.time_quality,
        "effects": outcome.effects,
    }
    return result if line is None else {**result, "line": line}
