"""What the month came to, in Chinese or English: lives, states, towns, contractors, rates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from scripts.demo_day.table import Lang, width
from scripts.demo_month.case import Case
from scripts.demo_month.lives import FATES
from scripts.demo_month.rates import Tally

STATES = {
    "recorded": ("已上报", "recorded"),
    "verifying": ("待核实", "verifying"),
    "withdrawn": ("已撤回", "withdrawn"),
    "self_resolved": ("自处置", "self-resolved"),
    "filed": ("已立案", "filed"),
    "void": ("作废", "void"),
    "attached": ("并案", "attached"),
    "dispatched": ("处置中", "dispatched"),
    "rectified": ("待核查", "rectified"),
    "verified": ("待结案", "verified"),
    "closed": ("结案", "closed"),
    "appealed": ("申诉中", "appealed"),
}
_COUNTS = (
    ("上报数", "reported"),
    ("立案数", "filed"),
    ("派遣数", "dispatched"),
    ("应处置数", "due"),
    ("处置数", "done"),
    ("按期处置数", "done_in_time"),
    ("应结案数", "closing_due"),
    ("结案数", "closed"),
    ("按期结案数", "closed_in_time"),
)
_RATES = (
    ("处置率", "done", "done"),
    ("按期处置率", "done_in_time", "in time"),
    ("结案率", "closed", "closed"),
    ("按期结案率", "closed_in_time", "closed in time"),
    ("返工率", "reworks", "reworks"),
    ("延期率", "extended", "extended"),
    ("准确立案率", "filed_right", "filed right"),
    ("准确派遣率", "sent_right", "sent right"),
)


def lives_table(cases: Sequence[Case], lang: Lang) -> str:
    """How many had which life, and how many of them came to its end within the month."""
    which = 0 if lang == "zh" else 1
    had, ended = Counter(case.fate for case in cases), Counter(case.fate for case in cases if case.done)
    heads = [("经历", "件数", "走完"), ("life", "findings", "to the end")][which]
    rows = [[(FATES[name].zh, FATES[name].en)[which], str(number), str(ended[name])] for name, number in had.most_common()]
    return laid_out(heads, rows)


def states_line(states: Mapping[str, int], lang: Lang) -> str:
    """Findings by state."""
    which = 0 if lang == "zh" else 1
    order = [*STATES, *(state for state in states if state not in STATES)]
    said = [f"{STATES.get(state, (state, state))[which]} {states[state]}" for state in order if states.get(state)]
    return "，".join(said) if lang == "zh" else ", ".join(said)


def rates_table(tallies: Mapping[str, Tally], name: tuple[str, str], lang: Lang) -> str:
    """A line a town or unit: counts, then rates."""
    which = 0 if lang == "zh" else 1
    heads = [name[which]]
    heads += [zh if lang == "zh" else word.replace("_", " ") for zh, word in _COUNTS]
    heads += [zh if lang == "zh" else en for zh, _, en in _RATES]
    rows = []
    for title, tally in tallies.items():
        rates = tally.rates
        rows.append([title, *(str(getattr(tally, word)) for _, word in _COUNTS), *(percent(rates[word]) for _, word, _ in _RATES)])
    return laid_out(heads, rows)


def percent(rate: float | None) -> str:
    """A rate as people read it; a dash where there was nothing to divide by."""
    return "–" if rate is None else f"{100 * rate:.1f}%"


def laid_out(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell; numbers to the right."""
    widths = [max(width(line[column]) for line in [heads, *rows]) for column in range(len(heads))]

    def line(cells: Sequence[str]) -> str:
        return "  ".join(
            cell + " " * (most - width(cell)) if place == 0 else " " * (most - width(cell)) + cell
            for place, (cell, most) in enumerate(zip(cells, widths, strict=True))
        ).rstrip()

    return "\n".join([line(heads), "─" * (sum(widths) + 2 * (len(widths) - 1)), *(line(row) for row in rows)])
