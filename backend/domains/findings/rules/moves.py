"""The state machine as one table: which verb takes a finding from where to where, by whom, and what it needs.

Source: the project's domain page, section 3. The actions, the list of moves open to a person and the OpenAPI text come from it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table. `by` are roles, `needs` are flags that must be clear, `clock` what it does to a clock.

    `recorder`: who recorded it; `doer`: who does the work of a unit it was dispatched to. `target` is empty where the state stays or
    follows from the dispatches (`rules.reports`). `pending`: whether a request to void it must be pending (and another's), or must not be;
    None: either.
    """

    verb: str
    sources: tuple[str, ...]
    target: str
    by: tuple[str, ...]
    needs: tuple[str, ...] = ()
    clock: str | None = None
    pending: bool | None = None


VOIDABLE = ("recorded", "filed", "dispatched", "rectified", "verified")
"""States from which a finding can still be voided."""

FILING_NEEDS = ("unlocated", "photos", "condition")
CLOSING_NEEDS = ("photos", "disputed", "after_photos", "verification_photos")

MOVES: dict[str, Move] = {
    move.verb: move
    for move in (
        Move("withdraw_finding", ("recorded",), "withdrawn", ("recorder",)),
        Move("file_finding", ("recorded",), "filed", ("acceptor", "shift_leader"), FILING_NEEDS, "dispatch limit", pending=False),
        # An inspector's withdrawal asks for a void also after the dispatch, and so may the desk.
        Move("request_void", VOIDABLE, "", ("acceptor", "shift_leader"), pending=False),
        Move("void_finding", VOIDABLE, "void", ("shift_leader",), clock="disposal stops", pending=True),
        Move("refuse_void", VOIDABLE, "", ("shift_leader",), pending=True),
        Move("waive_photo", (*VOIDABLE, "self_resolved"), "", ("shift_leader",)),
        Move("self_resolve_finding", ("recorded",), "self_resolved", ("recorder",), pending=False),
        Move("accept_self_resolution", ("self_resolved",), "closed", ("acceptor",), ("photos", "disputed")),
        Move("refuse_self_resolution", ("self_resolved",), "void", ("acceptor",)),
        Move("attach_finding", ("recorded", "filed"), "attached", ("acceptor",), pending=False),
        Move("dispatch_finding", ("filed",), "dispatched", ("dispatcher",), ("photos",), "disposal", pending=False),
        Move("rebind_contract", (*VOIDABLE, "attached"), "", ("shift_leader", "dispatcher"), pending=False),
        Move("report_rectification", ("dispatched", "rectified"), "", ("doer",), clock="disposal stops"),
        Move("request_extension", ("dispatched",), "", ("doer",)),
        Move("request_return", ("dispatched",), "", ("doer",)),
        Move("request_suspension", ("dispatched",), "", ("doer",)),
        Move("grant_extension", ("dispatched", "rectified"), "", ("dispatcher",), clock="disposal moves"),
        Move("refuse_extension", ("dispatched", "rectified"), "", ("dispatcher",)),
        Move("refuse_return", ("dispatched", "rectified"), "", ("dispatcher",)),
        Move("refuse_suspension", ("dispatched", "rectified"), "", ("dispatcher",)),
        Move(
            "verify_finding",
            ("recorded", "dispatched", "rectified", "verified"),
            "",
            ("inspector",),
            clock="disposal runs on after a failure",
        ),
        Move("decide_dispute", ("dispatched", "rectified", "verified"), "", ("shift_leader",)),
        Move("close_finding", ("verified",), "closed", ("shift_leader",), CLOSING_NEEDS, pending=False),
        # To dispatched, where each of its dispatches can be renewed; else the desk goes on with what is filed or only recorded.
        Move("reopen_finding", ("closed",), "", ("shift_leader", "leader"), clock="disposal anew"),
    )
}

STATES = tuple(dict.fromkeys(state for move in MOVES.values() for state in (*move.sources, move.target) if state))
"""The states that a finding comes to."""

ENDED = frozenset({"withdrawn", "void", "attached", "closed", "self_resolved"})
