"""Rosters and tasks for a look on site, said in few words."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from werkzeug.test import TestResponse

from backend.domains.findings.model.tasks import VerificationTask
from tests.make.district import District
from tests.make.phone import Phone, mono
from tests.stories import Story

FIRST, SECOND, THIRD, FOURTH = (f"330113001{end}" for end in ("001001", "001002", "002001", "002002"))


class Roster:
    """Who is on duty, in few words."""

    def __init__(self, district: District) -> None:
        self.district = district
        self.places: dict[tuple[str, ...], str] = {}

    def place(self, *grids: str) -> str:
        """The responsibility grid of these unit grids."""
        if grids not in self.places:
            body = {
                "code": grids[0],
                "name": grids[0],
                "area": "330113001",
                "valid_from": "2026-01-01",
                "grids": grids,
                "grid_class": "key",
            }
            answer = self.district.client("chen").post("/api/v1/responsibility-grids", json=body)
            assert answer.status_code == 201, answer.text
            self.places[grids] = str(answer.json["id"])
        return self.places[grids]

    def on(self, login: str, *grids: str, hours: float = 6.0, after: float = 0.0) -> str:
        """Somebody is on duty there from now on (`after` so many hours)."""
        since = self.district.clock.now() + dt.timedelta(hours=after)
        item = {
            "person": str(self.district.person(login)),
            "responsibility_grid": self.place(*grids),
            "since": since.isoformat(),
            "until": (since + dt.timedelta(hours=hours)).isoformat(),
        }
        answer = self.district.client("chen").post("/api/v1/shifts", json={"items": [item]})
        assert answer.status_code == 201, answer.text
        return str(answer.json["items"][0]["id"])

    def absent(self, login: str, cover: str | None = None, hours: float = 6.0) -> None:
        """Somebody is not there from now on."""
        now = self.district.clock.now()
        body = {
            "person": str(self.district.person(login)),
            "since": now.isoformat(),
            "until": (now + dt.timedelta(hours=hours)).isoformat(),
            "covered_by": str(self.district.person(cover)) if cover else None,
        }
        answer = self.district.client("chen").post("/api/v1/absences", json=body)
        assert answer.status_code == 201, answer.text


def asked(story: Story, **d: Any) -> str:
    """A finding that Zhao wants to be looked at before filing; the worker has followed."""
    finding = story.ready(**d)
    story.desk("zhao", finding, "verification-request", reason="is it still there?")
    story.district.settle()
    return finding


def rectified(story: Story, **d: Any) -> str:
    """A finding whose work Feng's company has done; the worker has followed."""
    finding = story.rectified(by="feng", dispatch={"contract": str(story.district.contracts["BJ"]), "reason": "the overlap"}, **d)
    story.district.settle()
    return finding


def tasks(story: Story, finding: str) -> list[tuple[str, str | None, str]]:
    """The open tasks as Zhao sees them: (phase, login or None, why)."""
    names = {str(story.district.person(login)): login for login in ("lin", "wang", "xu", "yan", "far")}
    return [(each["phase"], names.get(each["assigned_to"]), each["why"]) for each in story.seen_by("zhao", finding)["tasks"]]


def only(story: Story, finding: str) -> dict[str, Any]:
    """Its one open task."""
    (task,) = story.seen_by("zhao", finding)["tasks"]
    return dict(task)


def listed(district: District, login: str = "zhao", **query: Any) -> list[str]:
    """The findings of the open tasks that somebody is shown."""
    answer = district.client(login).get("/api/v1/tasks", query_string=query)
    assert answer.status_code == 200, answer.text
    return [each["finding"] for each in answer.json["items"]]


def look(
    story: Story, finding: str, login: str, phase: str = "pre_filing", *, result: str = "pass", report: str | None = None, status: int = 201
) -> dict[str, Any]:
    """Somebody looks, over HTTP."""
    body = {"phase": phase, "report": report, "result": result, "note": None, "photos": []}
    answer = story.district.client(login).post(f"/api/v1/findings/{finding}/verifications", json=body)
    assert answer.status_code == status, answer.text
    return dict(answer.json)


def states(district: District, finding: str) -> list[str]:
    """What its tasks have come to, the oldest first."""
    query = sa.select(VerificationTask.state).where(VerificationTask.finding == UUID(finding))
    return district.scalars(query.order_by(VerificationTask.made_at, VerificationTask.id))


def decline(story: Story, finding: str, login: str, task: str, status: int = 204) -> TestResponse:
    """Somebody gives a task back, over HTTP."""
    answer = story.district.client(login).post(f"/api/v1/findings/{finding}/task-refusals", json={"task": task, "reason": "ill"})
    assert answer.status_code == status, answer.text
    return answer


def pushed(phone: Phone, verb: str, finding: str, d: dict[str, Any], minutes: float = 0.0) -> tuple[str, str | None]:
    """Status and code of an operation done so many minutes from now."""
    moment = phone.district.clock.now() + dt.timedelta(minutes=minutes)
    phone.do(verb, finding, d, at=moment.isoformat(), mono_ms=mono(moment))
    (result,) = phone.pushed()
    return result["status"], result["code"]


def verdict(phase: str = "pre_filing", report: str | None = None, result: str = "pass") -> dict[str, Any]:
    """The `d` of a verify_finding."""
    return {"phase": phase, "report": report, "result": result, "note": None, "photos": []}


def moved(story: Story, finding: str, to: str = "xu") -> None:
    """Chen gives its one open task to somebody else."""
    story.desk("chen", finding, f"tasks/{only(story, finding)['id']}/assignment", to=str(story.district.person(to)), reason="nearer")
