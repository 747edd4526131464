"""What becomes of an act that meets another done at the same time, out of its sight: the conflict matrix, row by row.

Source: the sync protocol, section 7, and the conflict matrix of the sync research; its severity clauses are void. Actions answer with a
row, or with None where nothing was met; they never make up a status or code of their own. A row of the research with several outcomes is
several rules here, in its order. `tests/domains/sync/test_conflict_matrix.py` has a scenario for each.

The codes go over the wire: a new one is an addition, none is ever renamed.
"""

from __future__ import annotations

from backend.core.conflicts import Rule
from backend.domains.findings.rules.hands import BESIDE_HANDS
from backend.domains.findings.rules.reports import BESIDE_WORK
from backend.domains.patrols.rules.patrols import (
    CHUNK_RENUMBERED,
    FINDING_AFTER_CLOSE,
    PATROL_OF_ANOTHER,
    PATROLS_OVERLAP,
    TASK_CANCELLED,
    TRACK_AFTER_CLOSE,
)

AMEND_ON_VOID = Rule(
    "an inspector amends", "voided or withdrawn", "the state stays, the facts are stored", "merged", "state_kept", any_order=True
)
LATE_PHOTO = Rule(
    "a photo is added",
    "voided or otherwise ended",
    "the state stays, the photo is kept and shown",
    "merged",
    "late_evidence",
    any_order=True,
)

FIELDS_COMBINED = Rule(
    "an inspector amends", "another amended other fields", "all of the values stand", "merged", "fields_combined", any_order=True
)

AUTHOR_PREVAILS = Rule(
    "the author amends a field",
    "another amended it",
    "the author's value stands, the other's becomes a proposal",
    "merged",
    "author_prevails",
    any_order=True,
)
OTHER_PROPOSES = Rule(
    "another amends a field",
    "the author amended it",
    "the author's value stands, this one becomes a proposal",
    "conflict",
    "proposed",
    any_order=True,
)
LATER_WRITE_KEPT = Rule(
    "an equal amends a field, and did so earlier",
    "a later write stands",
    "the later corrected time stands, at the same time the higher operation id",
    "merged",
    "later_write_kept",
    any_order=True,
)

SAME_ASSET_TWICE = Rule(
    "a finding is recorded",
    "another open one of the same asset and category",
    "two findings, each named to the desk as of the same asset; the head is the dispatched one, else the first by (found time, id)",
    "applied",
    any_order=True,
)
SAME_PLACE_TWICE = Rule(
    "a finding is recorded",
    "another open one of its category within max(25 m, both accuracies)",
    "two findings, each named to the desk as the other's candidate",
    "applied",
    any_order=True,
)

HEAD_VOIDED = Rule("the head of duplicates is voided", "findings attached to it", "the followers are recorded again", "applied")

EXTENSION_MEETS_REPORT = Rule(
    "a rectification is reported",
    "an extension was granted, or is later",
    "both stand; on time if reported by any deadline granted before the verdict",
    "applied",
    any_order=True,
)

REPORT_ON_VOID = Rule(
    "a rectification is reported",
    "voided",
    "the finding stays void, the report is kept for payment",
    "merged",
    "state_kept",
    any_order=True,
)

SECOND_REPORT = Rule(
    "a second rectification is reported",
    "a report that has no verdict yet",
    "both are kept; the newest by (corrected time, id) is the one that is judged, the other is evidence beside it",
    "merged",
    "report_added",
    any_order=True,
)

VERDICT_ON_REPLACED_REPORT = Rule(
    "a verdict on a report",
    "a newer report",
    "the verdict sticks to the report it names, the state follows the newest report",
    "merged",
    "report_replaced",
    any_order=True,
)

OPPOSITE_VERDICTS = Rule(
    "a verdict on a report",
    "the opposite verdict on the same report",
    "disputed: no pass counts until a shift leader decides",
    "conflict",
    "verdicts_differ",
    any_order=True,
)

VERDICT_AFTER_OVERDUE = Rule(
    "a pass from offline",
    "the deadline ran out meanwhile",
    "the breach is worked out anew from the times, its notice taken back",
    "applied",
)

TASK_REASSIGNED = Rule(
    "A's work on a task",
    "the task went to B meanwhile",
    "work before the switch (corrected time) is A's; later work is kept as an observation; the owner stays B",
    "merged",
    "task_reassigned",
    any_order=True,
)

BEFORE_ROLE_LOST = Rule("a deed from before", "its author's role or account ended since", "it is done as sent", "applied")
AFTER_ROLE_LOST = Rule("a deed from after", "its author's role or account had ended", "kept, not done", "rejected", "not_authorised")
ROLE_AT_UNCERTAIN_TIME = Rule(
    "a deed of estimated time",
    "its author's role ended about then",
    "kept; a person decides, from the exception list",
    "deferred",
    "time_uncertain",
)

CONTRACT_ENDED = Rule(
    "a finding is recorded",
    "the contract in force when it was found has ended",
    "liable is the contract of the corrected time of the finding; its successor, if any, executes",
    "merged",
    "contract_changed",
)
CONTRACT_ENDED_NONE_FOLLOWS = Rule(
    "a finding is recorded",
    "the contract in force when it was found has ended, and none follows",
    "liable is the contract of that time; there is none to dispatch to until the desk or the responsibility matrix names a unit",
    "merged",
    "contract_changed",
)

CONTRACT_CORRECTED = Rule(
    "a contract's area or terms are corrected", "findings dispatched before", "they keep contract, limit and deadline", "applied"
)
BINDING_FIELD_AMENDED = Rule(
    "an amendment of category, condition, place or asset",
    "dispatched meanwhile",
    "the binding stays, the value becomes a proposal",
    "conflict",
    "proposed",
)

DEADLINE_RECALCULATED = Rule(
    "the calendar or an extension changes a deadline",
    "the other of the two",
    "the deadline is a pure function of limit, start, calendar and events",
    "applied",
    any_order=True,
)

WITHDRAWN_AFTER_FILING = Rule(
    "the author withdraws", "filed or further", "becomes a request to void, which a shift leader decides", "conflict", "void_requested"
)
WITHDRAWN_AFTER_END = Rule("the author withdraws", "ended already", "the state stays, the reason is kept", "merged", "state_kept")

PHOTO_CITED = Rule(
    "its author takes a photo back",
    "a verdict or a report cites it",
    "marked; bytes and citation stay",
    "merged",
    "cited",
    any_order=True,
)

AMEND_SETTLED = Rule("an amendment", "verified or closed", "kept as a proposal; only reopening changes the state", "conflict", "proposed")

CATEGORY_MAPPED = Rule(
    "a finding is recorded",
    "its category was retired meanwhile",
    "the successor's category is taken, what was sent is kept",
    "merged",
    "category_mapped",
)

ID_TAKEN = Rule(
    "an entity is recorded", "another's entity has its id", "the first keeps it; this one is kept unapplied", "rejected", "id_taken"
)

MATRIX: tuple[Rule, ...] = (
    # inspector amends / supervisor dismissed
    AMEND_ON_VOID,
    LATE_PHOTO,
    # two inspectors, different fields
    FIELDS_COMBINED,
    # two inspectors, same field
    AUTHOR_PREVAILS,
    OTHER_PROPOSES,
    LATER_WRITE_KEPT,
    # two inspectors, same pothole
    SAME_ASSET_TWICE,
    SAME_PLACE_TWICE,
    # head of duplicates dismissed
    HEAD_VOIDED,
    # contractor reports done / inspector extends the deadline
    EXTENSION_MEETS_REPORT,
    # contractor reports done / supervisor dismisses
    REPORT_ON_VOID,
    # two reports for one finding
    SECOND_REPORT,
    # verdict on a report that was replaced
    VERDICT_ON_REPLACED_REPORT,
    # two verdicts, opposite
    OPPOSITE_VERDICTS,
    # verdict pass offline / overdue job ran
    VERDICT_AFTER_OVERDUE,
    # task reassigned while A is offline
    TASK_REASSIGNED,
    PATROL_OF_ANOTHER,
    # task cancelled while offline
    TASK_CANCELLED,
    # role or scope lost while offline
    BEFORE_ROLE_LOST,
    AFTER_ROLE_LOST,
    ROLE_AT_UNCERTAIN_TIME,
    # contract ended while offline
    CONTRACT_ENDED,
    CONTRACT_ENDED_NONE_FOLLOWS,
    # contract area or terms corrected later
    CONTRACT_CORRECTED,
    BINDING_FIELD_AMENDED,
    # deadline recalculated
    DEADLINE_RECALCULATED,
    # severity raised offline: void
    # author withdraws / already dispatched
    WITHDRAWN_AFTER_FILING,
    WITHDRAWN_AFTER_END,
    # photo retracted / cited in a verdict
    PHOTO_CITED,
    # track or finding after close_patrol
    TRACK_AFTER_CLOSE,
    FINDING_AFTER_CLOSE,
    # same inspector, two open patrols
    PATROLS_OVERLAP,
    # amend after verified/closed
    AMEND_SETTLED,
    # category retired while offline
    CATEGORY_MAPPED,
    # same entity id, other creator
    ID_TAKEN,
)
"""The matrix in the research's order: each comment is the name of its row there."""

DECLINED_LATE = Rule("a task is declined", "done, or not needed any more", "it stays so", "merged", "state_kept")

BESIDE: tuple[Rule, ...] = (CHUNK_RENUMBERED, DECLINED_LATE, *BESIDE_WORK, *BESIDE_HANDS)
"""Adjustments that are in no row of the matrix: what was sent was not quite taken as sent."""
