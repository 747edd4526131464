"""Endpoints of the demo's clock."""

from __future__ import annotations

from typing import Any

from flask import current_app

from backend.core import act as acts
from backend.core import clock
from backend.core.http.api import Blueprint
from backend.core.http.callers import caller, here, session
from backend.core.perform import perform, reading
from backend.core.revisions import current
from backend.entrypoints.demo_clock import actions
from backend.entrypoints.demo_clock.following import MARK, DemoClockOff
from backend.entrypoints.demo_clock.schemas import DemoClockDoc, SetDemoClock
from backend.entrypoints.worker import tasks

blueprint = Blueprint("demo", __name__, description="The demo district's own clock")


@blueprint.get("/demo/clock")
@caller("administrator")
@blueprint.refuses(DemoClockOff)
@blueprint.response(200, DemoClockDoc())
def get_demo_clock() -> dict[str, Any]:
    """What the demo's clock shows."""
    _must_be_demo()
    return _shown()


@blueprint.put("/demo/clock")
@caller("administrator")
@blueprint.arguments(SetDemoClock())
@blueprint.refuses(DemoClockOff)
@blueprint.response(200, DemoClockDoc())
def set_demo_clock(payload: dict[str, Any]) -> dict[str, Any]:
    """Set the demo's clock for all processes; then what is due by that moment is done, as the worker would, before this answers."""
    _must_be_demo()
    held, act = here()
    before = clock.setting()
    if payload["at"] is None or before is None or not (before.stands and before.at == payload["at"] and payload["stands"]):
        perform(held, act, actions.set_demo_clock, at=payload["at"], stands=payload["stands"])
        clock.put(payload["at"], stands=payload["stands"])
    if payload["settle"]:
        tasks.settle(current_app._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001 - the proxy's documented way to the application
    return _shown()


def _must_be_demo() -> None:
    held = session()
    with reading(held) as reader:
        if not current_app.extensions["linping.settings"].demo_clock:
            raise DemoClockOff("DEMO_CLOCK is not set")
        if current(reader, MARK) is None:
            raise DemoClockOff("this is no demo district")


def _shown() -> dict[str, Any]:
    found = clock.setting()
    return {"now": acts.begin(acts.SYSTEM).at, "set": found is not None, "stands": found is not None and found.stands}
