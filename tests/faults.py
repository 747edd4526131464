"""The faults that sync must survive, and which tests show that it does.

A test says which it shows in a comment beside its name: `# fault 7`, `# faults 3, 4`. `table()` gathers them, `scripts/dev.py faults`
writes it to tests/FAULTS.md, and tests/house/test_faults.py holds both to it. Source of the list: the test plan of the sync research.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

FAULTS: dict[int, tuple[str, str]] = {
    1: ("the answer is lost after the commit", "all duplicates, one history entry each"),
    2: ("the same batch on two connections at once", "one applies, the other answers duplicate"),
    3: ("a body cut off at any byte", "whole lines are kept, none is half parsed"),
    4: ("a gzip stream cut off", "what inflated before the cut counts"),
    5: ("kill between keeping and judging", "the worker judges what was kept"),
    6: ("kill inside operation k of a batch", "whatever was committed stands, k is absent, all come in once by the end"),
    7: ("kill after the commit, before the answer", "as 1"),
    8: ("one operation breaks its schema", "rejected, those after it unaffected"),
    9: ("an action fails unexpectedly", "it stays received, is logged, the others go on"),
    10: ("a child comes before its parent", "deferred, applied when the parent comes"),
    11: ("the parent was rejected", "the child is deferred, and applied once the parent was judged again"),
    12: ("a dependency never comes", "in the exception list after 72 h; still applied if it comes after that"),
    13: ("dependencies in a ring", "the one that closes it is rejected and kept"),
    14: ("a hole in the sequence", "later operations apply, the hole is told"),
    15: ("seq_void", "the hole is explained"),
    16: ("a known op id with other bytes", "refused, both kept, nothing of the first shown"),
    17: ("a known seq with another op", "a fork; nothing is lost"),
    18: ("a phone restored from its backup", "a fork, then a new replica, nothing doubled"),
    19: ("two clones push in turns", "as 17"),
    20: ("the app is installed anew", "a new replica, the old one's receipts visible"),
    21: ("another token between two tries", "duplicates all the same"),
    22: ("two people use one entity id", "the second is refused, kept"),
    23: ("a transaction takes its number and commits late", "no reader skips it"),
    24: ("a transaction stays idle", "pulls are not delayed"),
    25: ("a savepoint is rolled back", "no ghost in the feed"),
    26: ("a bulk job during pushes", "it commits in chunks; pushes go on between them"),
    27: ("eight writers on SQLite", "no client sees a busy database"),
    28: ("a deadlock", "tried again, applied once"),
    29: ("one bit of the cursor changed", "410, the first sync starts again"),
    30: ("a cursor older than what was forgotten", "410; the first sync removes stale rows"),
    31: ("the server is restored from a backup", "a new epoch; the phones bring back what it lacks"),
    32: ("a scope gained between pages", "filled once"),
    33: ("a scope lost with unsent edits", "the edits are delivered; the document stays until they are settled"),
    34: ("in two scopes, one is lost", "no drop"),
    35: ("out and in again between two pulls", "one put"),
    36: ("gone during the first sync", "absent at its end"),
    37: ("kill in the first sync", "it goes on where it was, and is not ready early"),
    38: ("a large first sync over a slow line", "it ends, page by page"),
    39: ("an account disabled after offline work", "what was done before counts, what came later is kept"),
    40: ("a stolen phone", "its pushes are kept and not applied; its pull answers 403, wipe"),
    41: ("the wall clock is three years ahead, same boot", "the exact time"),
    42: ("the clock is set back during a patrol", "order and times hold"),
    43: ("a reboot offline without an anchor", "estimated, between the operation before and receipt"),
    44: ("an anchor from GNSS", "the nearest anchor of the boot gives the time"),
    45: ("found before the contract ended, arrived after", "the old contract is liable"),
    46: ("an estimated time across the end of a contract", "in the exception list, a person decides"),
    47: ("the photo before its record", "joined when the record comes"),
    48: ("a record without its photo for ten days", "listed with owner and age"),
    49: ("the bytes of a photo changed on the way", "refused, nothing stored, the upload begins again"),
    50: ("a stalled PATCH comes back to life", "it loses the compare-and-set; the file is right"),
    51: ("the answer to a creation is lost", "creating again gives the same upload"),
    52: ("the disk is full in the middle of an upload", "507, nothing marked stored"),
    53: ("two people deliver the same bytes", "one blob, evidence for both"),
    54: ("a photo of 30 MiB", "refused by size; the record is unaffected"),
    55: ("an operation in an old version", "judged as what it means today"),
    56: ("an operation in a version not known yet", "deferred, applied after the deployment"),
    57: ("an unknown field", "kept in the raw line, and told"),
    58: ("10,000 operations after 14 days, a third of all requests lost", "batches shrink; it ends"),
    59: ("a gzip bomb", "413, bounded memory"),
    60: ("two acts that do not know of each other, either first", "the same state"),
    61: ("the kept operations and acts replayed into an empty database", "the same digest"),
    62: ("the phone's copy was tampered with", "that scope alone is filled again"),
    63: ("the chains of phone and server differ", "pushing stops on the phone, an incident, no data dropped"),
    64: ("report, extension and verdict in all orders", "the same answer whether it was on time"),
    65: ("one pothole three times, in all orders", "the same head"),
    66: ("two processes push as one replica", "one waits or is told busy; nothing lost"),
}
"""Number → what goes wrong, what must come of it."""

_MARK = re.compile(r"# faults? ((?:\d+, )*\d+)\b")


def shown() -> dict[int, list[str]]:
    """For each fault the tests that show it, as `path::name`."""
    found: dict[int, list[str]] = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        text = path.read_text("utf-8")
        if "# fault" not in text:
            continue
        functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            mark = _MARK.search(token.string) if token.type == tokenize.COMMENT else None
            if mark is None:
                continue
            owner = next((each for each in functions if each.lineno <= token.start[0] <= (each.end_lineno or 0)), None)
            assert owner is not None, f"{path}:{token.start[0]}: the mark stands in no test"
            for number in mark.group(1).split(", "):
                found[int(number)].append(f"{path.relative_to(ROOT / 'tests')}::{owner.name}")
    return dict(found)


def table() -> str:
    """The text of tests/FAULTS.md."""
    tests = shown()
    lines = [
        "<!-- Made by scripts/dev.py faults from tests/faults.py and the marks in the tests; edit those. -->",
        "# What goes wrong, and the test that shows what comes of it",
        "",
        "| | fault | comes to | shown by |",
        "| --- | --- | --- | --- |",
    ]
    for number, (fault, expected) in FAULTS.items():
        by = "<br>".join(f"`{test}`" for test in tests.get(number, ()))
        lines.append(f"| {number} | {fault} | {expected} | {by or '**nothing yet**'} |")
    return "\n".join(lines) + "\n"
