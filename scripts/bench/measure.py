"""What every bench does with its numbers: load and probe in turns, medians, one table."""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from unicodedata import east_asian_width


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure. `ratio` is against `probe`, measured in the same run; `target` is the issue's, on the figure or on the ratio."""

    name: str
    value: float
    unit: str
    ratio: float | None = None
    probe: str = ""
    target: float | None = None
    on_ratio: bool = False
    at_most: bool = False
    """the target is a ceiling"""

    @property
    def verdict(self) -> str:
        """Whether the target is met, said and not asserted: the machine may have had a bad hour."""
        if self.target is None:
            return ""
        held = self.ratio if self.on_ratio else self.value
        if held is None:
            return "no probe"
        met = held <= self.target if self.at_most else held >= self.target
        return "pass" if met else "FAIL"

    def cells(self) -> list[str]:
        """The row of the table."""
        sign = "≤" if self.at_most else "≥"
        goal = "" if self.target is None else f"{sign} {number(self.target)}" + (" ratio" if self.on_ratio else f" {self.unit}")
        ratio = "" if self.ratio is None else f"{self.ratio:.2f} of {self.probe}"
        return [self.name, f"{number(self.value)} {self.unit}", ratio, goal, self.verdict]


def number(value: float) -> str:
    """Three digits say all that is known."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}".rstrip("0").rstrip(".")


def alternate(rounds: int, turns: dict[str, Callable[[int], object]]) -> dict[str, list[float]]:
    """Seconds of each turn, by name: every round does each once, so that a drifting machine hits all alike."""
    seconds: dict[str, list[float]] = {name: [] for name in turns}
    for turn in range(rounds):
        for name, run in turns.items():
            began = time.perf_counter()
            told = run(turn)
            # A turn that prepares or checks outside what is measured tells its own time.
            seconds[name].append(told if isinstance(told, float) else time.perf_counter() - began)
    return seconds


def middle(values: Sequence[float]) -> float:
    """The median."""
    return float(median(values))


def spread(values: Sequence[float]) -> str:
    """How far apart the rounds lay, as a factor."""
    return f"rounds apart by {max(values) / min(values):.2f}"


def show(title: str, figures: Sequence[Figure]) -> None:
    """Print the table."""
    print(f"\n{title}")
    table([["figure", "median", "ratio to the probe of this run", "target", ""], *(figure.cells() for figure in figures)])


def table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns; the first row is the head."""
    widths = [max(_width(row[column]) for row in rows) for column in range(len(rows[0]))]
    for index, row in enumerate(rows):
        print("  " + "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip())
        if index == 0:
            print("  " + "  ".join("-" * width for width in widths))


def _width(text: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def say(text: str) -> None:
    """A line beside the table."""
    print(f"  {text}", flush=True)


def machine() -> str:
    """What it ran on, as far as it explains the figures."""
    load = os.getloadavg()[0]
    return f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f} at the start"


def options(description: str | None) -> argparse.ArgumentParser:
    """The arguments that every bench has."""
    parser = argparse.ArgumentParser(description=(description or "").split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds, smaller data: to see that it runs, not to quote")
    return parser
