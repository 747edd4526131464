"""The state machine as one table: which verb takes a finding from where to where, by whom, and what it needs.

Source: the project's domain page, section 3. The actions, the list of moves open to a person and the OpenAPI text come from it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table. `by` are roles, `needs` are flags that must be clear, `clock` what it does to a clock.

    `recorder`: who recorded it; `doer`: who does the work of a unit it was dispatched to; `manager`: who manages a company that has it;
    `asker`: who asked for the void that is pending.
    `target` is empty where the state stays or
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


UNFILED = ("recorded", "verifying")
"""States in which the desk has yet to take it on."""

VOIDABLE = (*UNFILED, "filed", "dispatched", "rectified", "verified")
"""States from which a finding can still be voided."""

OPEN = ("recorded", "verifying", "filed", "dispatched", "rectified", "verified")
"""States in which something is still to be done."""

WORKED = ("dispatched", "rectified", "verified")
"""States that follow from the dispatches."""

ANSWERABLE = (*OPEN, "self_resolved", "closed", "appealed", "void", "attached", "withdrawn")
"""States in which a demand or a hand-over is still answered: both outlive the work."""

FILING_NEEDS = ("unlocated", "photos", "condition")
CLOSING_NEEDS = ("photos", "disputed", "after_photos", "verification_photos")

AREA_SUSPENDERS = ("leader",)
"""Who suspends the clocks of a whole area. That is no move of a finding: it is done once for all of them."""

MOVES: dict[str, Move] = {
    move.verb: move
    for move in (
        Move("withdraw_finding", UNFILED, "withdrawn", ("recorder",)),
        Move("file_finding", ("recorded",), "filed", ("acceptor", "shift_leader"), FILING_NEEDS, "dispatch limit", pending=False),
        Move("ask_verification", ("recorded",), "verifying", ("acceptor", "shift_leader"), clock="verify limit", pending=False),
        Move("cancel_verification", ("verifying",), "recorded", ("acceptor", "shift_leader"), clock="accept limit"),
        # An inspector's withdrawal asks for a void also after the dispatch, and so may the desk.
        Move("request_void", VOIDABLE, "", ("acceptor", "shift_leader"), pending=False),
        Move("void_finding", VOIDABLE, "void", ("shift_leader",), clock="disposal stops", pending=True),
        Move("refuse_void", VOIDABLE, "", ("shift_leader",), pending=True),
        Move("withdraw_void_request", VOIDABLE, "", ("asker",)),
        Move("waive_photo", (*VOIDABLE, "self_resolved"), "", ("shift_leader",)),
        Move("self_resolve_finding", ("recorded",), "self_resolved", ("recorder",), pending=False),
        Move("accept_self_resolution", ("self_resolved",), "closed", ("acceptor",), ("photos", "disputed")),
        Move("refuse_self_resolution", ("self_resolved",), "void", ("acceptor",)),
        Move("attach_finding", (*UNFILED, "filed"), "attached", ("acceptor",), pending=False),
        Move("detach_finding", ("attached",), "", ("acceptor",), clock="accept or dispatch limit"),
        Move("dispatch_finding", ("filed",), "dispatched", ("dispatcher",), ("photos",), "disposal", pending=False),
        Move("rebind_contract", (*VOIDABLE, "attached"), "", ("shift_leader", "dispatcher"), pending=False),
        Move("report_rectification", ("dispatched", "rectified"), "", ("doer",), clock="disposal stops"),
        Move("request_extension", ("dispatched",), "", ("doer",)),
        Move("request_return", ("dispatched",), "", ("doer",), clock="disposal pauses"),
        Move("request_suspension", ("dispatched",), "", ("doer",)),
        Move("grant_extension", ("dispatched", "rectified"), "", ("dispatcher",), clock="disposal moves"),
        Move("grant_return", ("dispatched",), "", ("dispatcher",), clock="disposal begins anew for another", pending=False),
        Move("grant_suspension", ("dispatched",), "", ("dispatcher",), clock="disposal stands until a date"),
        Move("end_suspension", ("dispatched", "rectified"), "", ("dispatcher", "doer"), clock="disposal runs on"),
        Move("refuse_extension", ("dispatched", "rectified"), "", ("dispatcher",)),
        Move("refuse_return", ("dispatched", "rectified"), "", ("dispatcher",), clock="disposal runs on"),
        Move("refuse_suspension", ("dispatched", "rectified"), "", ("dispatcher",)),
        Move(
            "verify_finding",
            (*UNFILED, "dispatched", "rectified", "verified"),
            "",
            ("inspector",),
            clock="disposal runs on after a failure",
        ),
        Move("reassign_task", ("verifying", "rectified"), "", ("acceptor", "shift_leader")),
        Move("decline_task", ("verifying", "rectified"), "", ("assignee",)),
        Move("decide_dispute", ("dispatched", "rectified", "verified"), "", ("shift_leader",)),
        Move("close_finding", ("verified",), "closed", ("shift_leader",), CLOSING_NEEDS, pending=False),
        # Several hands, and a leader's pressure: the state stays or follows from the dispatches.
        Move("add_co_unit", WORKED, "", ("dispatcher",), clock="a disposal of its own", pending=False),
        Move("cancel_co_unit", WORKED, "", ("dispatcher",), clock="its disposal stops"),
        Move("assign_worker", ("dispatched", "rectified"), "", ("manager",)),
        Move("hand_back", ("dispatched", "rectified"), "", ("manager",), clock="disposal stops"),
        Move("split_finding", OPEN, "", ("acceptor",), pending=False),
        Move("supervise_finding", OPEN, "", ("leader",), clock="a reply is due"),
        Move("reply_supervision", ANSWERABLE, "", ("doer", "acceptor", "shift_leader", "dispatcher", "town_officer", "department_officer")),
        Move("end_supervision", ANSWERABLE, "", ("leader",)),
        Move("hand_over_finding", OPEN, "", ("acceptor", "shift_leader", "dispatcher", "leader")),
        Move("receive_hand_over", ANSWERABLE, "", ("doer",)),
        Move("refuse_hand_over", ANSWERABLE, "", ("doer",)),
        Move("conclude_hand_over", ANSWERABLE, "", ("doer",)),
        Move("group_finding", (*OPEN, "closed"), "", ("dispatcher", "shift_leader", "leader")),
        Move("ungroup_finding", (*OPEN, "closed"), "", ("dispatcher", "shift_leader", "leader")),
        Move("correct_finding", OPEN, "", ("acceptor", "shift_leader", "dispatcher"), clock="limits are computed anew", pending=False),
        Move("appeal_finding", ("closed", "appealed"), "appealed", ("doer",), clock="appeal limit"),
        Move("grant_appeal", ("appealed",), "closed", ("shift_leader", "leader")),
        Move("refuse_appeal", ("appealed",), "closed", ("shift_leader", "leader")),
        # To dispatched, where each of its dispatches can be renewed; else the desk goes on with what is filed or only recorded.
        Move("reopen_finding", ("closed",), "", ("shift_leader", "leader"), clock="disposal anew"),
    )
}

FOLLOWS: dict[str, tuple[tuple[str, str], ...]] = {
    "detach_finding": (("attached", "recorded"), ("attached", "filed")),
    "report_rectification": (("dispatched", "rectified"),),
    "hand_back": (("dispatched", "rectified"),),
    "verify_finding": (
        ("verifying", "recorded"),
        ("rectified", "verified"),
        ("rectified", "dispatched"),
        # a second verdict that differs: nobody's word counts until it is decided
        ("verified", "rectified"),
        ("dispatched", "rectified"),
    ),
    "decide_dispute": (("rectified", "verified"), ("rectified", "dispatched")),
    "grant_return": (("dispatched", "filed"), ("dispatched", "rectified"), ("dispatched", "verified")),
    "add_co_unit": (("rectified", "dispatched"), ("verified", "dispatched")),
    "cancel_co_unit": (("dispatched", "rectified"), ("dispatched", "verified")),
    "reopen_finding": (("closed", "dispatched"), ("closed", "filed"), ("closed", "recorded")),
}
"""Of verbs without a target: from where to where the state can follow."""

STATES = tuple(dict.fromkeys(state for move in MOVES.values() for state in (*move.sources, move.target) if state))
"""The states that a finding comes to."""

ENDED = frozenset({"withdrawn", "void", "attached", "closed", "self_resolved"})
