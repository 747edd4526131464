"""Every act of the desk and of the worker that changes a case is kept as a deed: else a replay would lack it (I7)."""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path

import pytest

from backend.core import deeds
from backend.core.config import ROOT
from backend.entrypoints import models

DOORS = [
    path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
    for pattern in ("domains/*/api.py", "domains/*/api/*.py", "entrypoints/**/*.py")
    for path in sorted((Path(ROOT) / "backend").glob(pattern))
]
KEPT = ("findings", "patrols")
"""Whose rows a replay compares. Of the domains below only some actions change what it compares."""
KEPT_BELOW = {"evidence.store_blob", "evidence.settle_examination", "deadlines.recompute_deadlines"}


def performed(module):
    """The actions that a module hands to `perform`."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "perform" and len(node.args) > 2:
            try:
                yield eval(compile(ast.Expression(node.args[2]), "", "eval"), vars(module))
            except NameError:  # a local of its function
                continue


def test_there_are_doors_to_look_at():
    assert models and len(DOORS) > 20


@pytest.mark.parametrize("door", DOORS)
def test_what_changes_a_case_is_a_deed(door):
    for action in performed(importlib.import_module(door)):
        name = deeds.name_of(action)
        if name.partition(".")[0] in KEPT or name in KEPT_BELOW:
            assert deeds.registered().get(name) is action, f"{name} is no deed"


def test_what_the_domains_below_keep_is_registered():
    assert set(deeds.registered()) >= KEPT_BELOW
