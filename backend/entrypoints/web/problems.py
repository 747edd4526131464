"""Every problem of the system with its words, for the pages and for openapi/problems.md."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from dataclasses import dataclass
from functools import cache

import backend.core
from backend import domains
from backend.core.problems import Problem


@dataclass(frozen=True, slots=True)
class Explained:
    """A problem's words. `kinds` are the slugs of the more general problems it is a case of, nearest first."""

    slug: str
    status: int
    title: str
    title_zh: str
    way_out: str
    way_out_zh: str
    meaning: tuple[str, ...]
    kinds: tuple[str, ...]


@cache
def explained() -> tuple[Explained, ...]:
    """All of them by slug. Every module of the house is imported first: a problem counts because its rule is there."""
    for package in (backend.core, domains):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    ours = [kind for kind in Problem.registry.values() if kind.__module__.startswith("backend.")]
    return tuple(_explain(kind) for kind in sorted(ours, key=lambda kind: kind.slug))


def _explain(kind: type[Problem]) -> Explained:
    above = [base.slug for base in kind.__mro__[1:] if issubclass(base, Problem) and base is not Problem]
    return Explained(
        slug=kind.slug,
        status=int(kind.kind),
        title=kind.title,
        title_zh=kind.title_zh,
        way_out=kind.way_out,
        way_out_zh=kind.way_out_zh,
        meaning=tuple(" ".join(part.split()) for part in inspect.cleandoc(kind.__doc__ or "").split("\n\n")),
        kinds=tuple(above),
    )
