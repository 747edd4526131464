"""The table of moves as people read it: a state diagram in mermaid, and a table in Markdown. Made from the table, never by hand."""

from __future__ import annotations

from backend.domains.findings.rules.moves import FOLLOWS, MOVES, Move
from backend.domains.findings.rules.wording import STATE_NAMES, VERBS

DISPATCH_EDGES: tuple[tuple[str, str, str], ...] = (
    ("[*]", "issued", "dispatch_finding"),
    ("issued", "handed_back", "report_rectification"),
    ("issued", "returned", "request_return"),
    ("returned", "issued", "refuse_return"),
    ("returned", "cancelled", "grant_return"),
    ("returned", "handed_back", "report_rectification"),
    ("issued", "suspended", "grant_suspension"),
    ("suspended", "issued", "end_suspension"),
    ("suspended", "handed_back", "report_rectification"),
    ("handed_back", "rework", "verify_finding"),
    ("rework", "handed_back", "report_rectification"),
    ("rework", "returned", "request_return"),
    ("rework", "suspended", "grant_suspension"),
    ("issued", "cancelled", "void_finding"),
    ("handed_back", "cancelled", "void_finding"),
    ("rework", "cancelled", "void_finding"),
)
"""How a dispatch goes from state to state (`rules.reports`, `rules.holds`): the verb that makes it so. A suspension also ends by itself."""


def edges() -> list[tuple[str, str, str]]:
    """Every way from state to state as (from, to, verb), in the order of the table; the beginning first."""
    found = [("[*]", "recorded", "record_finding")]
    for move in MOVES.values():
        if move.target:
            found += [(source, move.target, move.verb) for source in move.sources if source != move.target]
        found += [(source, target, move.verb) for source, target in FOLLOWS.get(move.verb, ())]
    return [*found, ("attached", "recorded", "its head is voided or withdrawn")]


def mermaid(ways: list[tuple[str, str, str]]) -> str:
    """A state diagram; ways between the same two states share an arrow."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for source, target, verb in ways:
        arrows.setdefault((source, target), []).append(verb)
    lines = ["stateDiagram-v2"]
    lines += [f"    {source} --> {target}: {', '.join(dict.fromkeys(verbs))}" for (source, target), verbs in arrows.items()]
    return "\n".join(lines)


def moves_table() -> str:
    """The table of moves in Markdown, a row a verb."""
    head = ["| move | 操作 | from | to | by | needs | clock |", "| --- | --- | --- | --- | --- | --- | --- |"]
    return "\n".join([*head, *(_row(move) for move in MOVES.values())])


def states_md() -> str:
    """The page of states: the diagram of findings, that of dispatches, the names of states, the table of moves."""
    names = [f"| {state} | {zh} | {en} |" for state, (zh, en) in STATE_NAMES.items()]
    return "\n".join(
        [
            "<!-- Made by scripts/dev.py openapi from the code; edit that. -->",
            "# The life of a finding",
            "",
            "What a finding goes through, from the table in `backend/domains/findings/rules/moves.py`.",
            "",
            "案卷的状态及流转，由代码中的流转表生成。",
            "",
            "```mermaid",
            mermaid(edges()),
            "```",
            "",
            "## A dispatch · 派遣任务",
            "",
            "Each dispatch has a state of its own, which follows from reports, verdicts, returns and suspensions; the finding's follows",
            "from all of its dispatches: `dispatched` while any is open, `rectified` when all are handed back, `verified` when all have",
            "passed.",
            "",
            "```mermaid",
            mermaid(list(DISPATCH_EDGES)),
            "```",
            "",
            "## States · 状态",
            "",
            "| state | 中文 | English |",
            "| --- | --- | --- |",
            *names,
            "",
            "## Moves · 操作",
            "",
            moves_table(),
            "",
        ]
    )


def _row(move: Move) -> str:
    follows = list(dict.fromkeys(target for _, target in FOLLOWS.get(move.verb, ())))
    target = move.target or (" / ".join(follows) if follows else "–")
    cells = (
        f"`{move.verb}`",
        VERBS[move.verb][0],
        ", ".join(move.sources),
        target,
        ", ".join(move.by),
        ", ".join(move.needs) or "–",
        move.clock or "–",
    )
    return f"| {' | '.join(cells)} |"
