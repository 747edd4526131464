"""What deadlines, silence and wrong dispatches bring about by themselves: each thing once, in order, at its time."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from backend.core.journal import JournalEntry
from backend.domains.deadlines import queries as deadlines
from backend.domains.deadlines.rules.calendar import WorkingCalendar
from backend.domains.deadlines.rules.limits import Limit
from backend.domains.findings.actions import escalate
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import Dispatch
from backend.domains.findings.rules.escalation import Stage, higher, passed, rewound, rungs, stages
from backend.domains.policies import actions as policies
from backend.domains.policies.rules.policy import DEFAULTS, LEVELS
from backend.entrypoints.worker import nightly, sweeps
from tests.stories import Story

NOON = dt.datetime(2026, 11, 23, 4, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
SOON = ("finding.due_soon", "finding.overdue", "finding.escalated", "finding.orphaned")


OF_2026 = WorkingCalendar(1, frozenset({2026}), {})


# Rules


def line():
    return [
        Stage("reminder", NOON, share=Fraction(4, 5)),
        Stage("overdue", NOON + HOUR),
        Stage("rung", NOON + 2 * HOUR, to="town"),
        Stage("rung", NOON + 3 * HOUR, to="leader"),
    ]


def test_a_stage_comes_the_instant_after_its_moment():
    assert passed(0, line(), NOON) == []
    assert [stage.kind for stage in passed(0, line(), NOON + dt.timedelta(microseconds=1))] == ["reminder"]


def test_what_was_slept_through_comes_in_order_but_no_reminder_of_what_is_over():
    assert [stage.kind for stage in passed(0, line(), NOON + 9 * HOUR)] == ["overdue", "rung", "rung"]
    assert passed(4, line(), NOON + 9 * HOUR) == []


def test_a_deadline_that_moved_takes_back_what_lies_ahead_now():
    assert rewound(3, line(), NOON + 9 * HOUR) == 3
    assert rewound(3, line(), NOON + HOUR) == 1
    assert rungs(3, line()) == 1


@given(st.integers(0, 4), st.integers(-1, 60 * 5))
def test_nothing_is_lost_or_doubled_whenever_the_worker_looks(done, minutes):
    now = NOON + dt.timedelta(minutes=minutes)
    kept = rewound(done, line(), now)
    come = passed(kept, line(), now)
    later = [stage for stage in line()[kept:] if stage.at < now and stage.kind != "reminder"]
    assert later == [each for each in come if each.kind != "reminder"]
    assert passed(sum(stage.at < now for stage in line()), line(), now) == []


def test_stages_follow_the_policy():
    found = stages(DEFAULTS, due=NOON + HOUR, reached={Fraction(4, 5): NOON}, calendar=OF_2026)
    assert [stage.kind for stage in found] == ["reminder", "overdue", "rung", "rung", "rung", "rung"]
    assert [stage.to for stage in found[2:]] == list(LEVELS)
    assert found == sorted(found, key=lambda stage: stage.at)
    assert stages(DEFAULTS, due=None, reached={}, calendar=OF_2026) == []


def test_a_reminder_at_the_deadline_or_after_it_is_none():
    found = stages(DEFAULTS, due=NOON, reached={Fraction(4, 5): NOON}, calendar=OF_2026)
    assert [stage.kind for stage in found][:1] == ["overdue"]


def test_rungs_that_the_calendar_does_not_reach_wait_for_it():
    late = dt.datetime(2026, 12, 31, 8, tzinfo=dt.UTC)  # 16:00 in the district, two working hours before 2027
    found = stages(DEFAULTS, due=late, reached={}, calendar=OF_2026)
    assert [stage.to for stage in found] == [None, "community"]


def test_levels_only_rise():
    assert higher(None, "community") == "community"
    assert higher("town", "leader") == "leader"
    assert higher("leader", "town") is None
    assert higher("town", "town") is None


# In the district


@pytest.fixture
def district(any_district):
    return any_district


@pytest.fixture
def story(district):
    return Story(district)


def told(district, finding, *events):
    rows = district.rows(
        sa.select(JournalEntry.event, JournalEntry.facts, JournalEntry.actor)
        .where(JournalEntry.subject == finding, JournalEntry.event.in_(events or SOON))
        .order_by(JournalEntry.seq)
    )
    assert all(row.actor is None for row in rows)
    return [(row.event, orjson.loads(row.facts)) for row in rows]


def names(district, finding):
    return [facts.get("to") if event == "finding.escalated" else event.removeprefix("finding.") for event, facts in told(district, finding)]


def task_of(district, finding):
    (row,) = district.scalars(sa.select(Dispatch).where(Dispatch.finding == UUID(finding)))
    return row


def go(district, moment):
    """Let time pass until just after a moment, and the worker do what is due by then."""
    district.clock.forward(seconds=(moment - district.clock.now()).total_seconds() + 1)
    district.settle()


def test_a_deadline_reminds_passes_and_climbs_level_by_level(district, story):
    finding = story.dispatched()
    task = task_of(district, finding)
    assert (task.watch_at, task.policy is not None) == (task.yellow_from, True)
    held = district.ask(deadlines.calendar)
    moments = [task.yellow_from, task.due, *(held.after(task.due, rung.after.amount) for rung in DEFAULTS.escalation)]
    expected = ["due_soon", "overdue", *LEVELS]
    for place, moment in enumerate(moments):
        go(district, moment)
        assert names(district, finding) == expected[: place + 1]
        district.settle()
        assert names(district, finding) == expected[: place + 1]
    task = task_of(district, finding)
    assert (task.escalation, task.watch_at, task.reminded_at < task.escalated_at) == (4, None, True)
    assert district.scalars(sa.select(Finding.escalated_to)) == ["leader"]
    facts = dict(told(district, finding))["finding.due_soon"]
    assert (facts["dispatch"], facts["unit"], facts["share"]) == (str(task.id), str(task.unit), 80)
    assert not nightly.verify_by_replay(district.app).violations


def test_a_worker_that_slept_tells_all_of_it_but_the_reminder(district, story):
    finding = story.dispatched()
    go(district, task_of(district, finding).due + dt.timedelta(days=10))
    assert names(district, finding) == ["overdue", *LEVELS]


def test_work_handed_back_in_time_brings_nothing_about(district, story):
    finding = story.dispatched()
    due = task_of(district, finding).due
    story.reported(finding)
    assert task_of(district, finding).watch_at is None
    go(district, due + dt.timedelta(hours=1))
    assert [name for name in names(district, finding) if name != "orphaned"] == []


def test_rework_reminds_of_its_new_deadline_and_begins_the_ladder_anew(district, story):
    finding = story.dispatched()
    go(district, task_of(district, finding).due)
    assert names(district, finding)[-1] == "overdue"
    story.looked(finding, "fail", report=story.reported(finding))
    task = task_of(district, finding)
    assert (task.state, task.escalation, task.watch_at is not None) == ("rework", 0, True)
    assert task.due > district.clock.now()
    go(district, task.due)
    assert names(district, finding).count("overdue") == 2


def test_a_town_may_have_its_own_ladder_and_a_dispatch_keeps_the_one_it_began_with(district, story):
    rung = {"after": {"value": 1, "unit": "urgent_hours"}, "to": "leader"}
    before = story.dispatched()
    district.do(policies.set_policy, area="330113001", scope="all", settings={"reminders": [50], "escalation": [rung]})
    after = story.dispatched()
    go(district, max(task_of(district, each).due for each in (before, after)) + dt.timedelta(hours=1))
    assert names(district, after) == ["overdue", "leader"]
    assert "leader" not in names(district, before)
    assert task_of(district, after).policy > task_of(district, before).policy


def test_another_share_of_the_limit_reminds_at_its_own_time(district, story):
    district.do(policies.set_policy, scope="all", settings={"reminders": [50, 80]})
    finding = story.dispatched()
    task = task_of(district, finding)
    assert task.watch_at < task.yellow_from
    go(district, task.watch_at)
    go(district, task.yellow_from)
    assert [facts["share"] for _, facts in told(district, finding)] == [50, 80]


def test_what_waits_too_long_for_its_step_is_orphaned_once_and_no_more_when_somebody_acts(district, story):
    finding = story.ready()
    held = district.ask(deadlines.calendar)
    since = district.scalars(sa.select(Finding.step_since))[0]
    moment = held.after(since, DEFAULTS.orphan_after.amount)
    go(district, moment - dt.timedelta(minutes=1))
    assert told(district, finding) == []
    go(district, moment)
    district.settle()
    ((event, facts),) = told(district, finding)
    assert (event, facts["why"]) == ("finding.orphaned", "accept")
    assert district.scalars(sa.select(Finding.orphaned_at)) != [None]
    story.desk("zhao", finding, "filing")
    assert district.scalars(sa.select(Finding.orphaned_at)) == [None]
    go(district, district.clock.now() + dt.timedelta(days=3))
    assert [facts["why"] for _, facts in told(district, finding)] == ["accept", "dispatch"]
    assert not nightly.verify_by_replay(district.app).violations


def test_a_policy_says_how_long_may_be(district, story):
    district.do(policies.set_policy, area="330113001", scope="all", settings={"orphan_after": {"value": 1, "unit": "urgent_hours"}})
    finding = story.ready()
    go(district, district.clock.now() + HOUR)
    assert names(district, finding) == ["orphaned"]


def test_sweeps_find_nothing_where_nothing_is_due(district, story):
    story.dispatched()
    story.ready()
    before = district.scalars(sa.select(sa.func.max(JournalEntry.seq)))
    assert sweeps.sweep(district.app) == 0
    assert district.scalars(sa.select(sa.func.max(JournalEntry.seq))) == before


def test_a_row_that_fails_keeps_no_other_from_its_turn(district, story, monkeypatch, caplog):
    broken, sound = story.dispatched(), story.dispatched()
    follow, stuck = escalate.follow_deadline, task_of(district, broken).id

    def failing(session, act, *, dispatch):
        if dispatch == stuck:
            raise RuntimeError("a fault of ours")
        return follow(session, act, dispatch=dispatch)

    sweep = next(each for each in sweeps.SWEEPS if each.name == "deadlines")
    monkeypatch.setattr(sweeps, "SWEEPS", (sweeps.Sweep(sweep.name, sweep.due, failing, sweep.named),))
    district.clock.forward(days=30)
    sweeps.sweep(district.app)
    assert names(district, sound)[:1] == ["overdue"]
    assert names(district, broken) == []
    assert "could not do a row" in caplog.text


def test_bounced_as_often_as_the_policy_bears_leaders_see_it(district, story):
    finding = story.dispatched()
    for number in (1, 2):
        story.desk("qian", finding, "return-requests", dispatch=_standing(story, finding), reason="not ours")
        (asked,) = [each for each in story.seen_by("sun", finding)["requests"] if each["state"] == "pending"]
        story.desk("sun", finding, f"return-requests/{asked['id']}/grant")
        district.settle()
        assert names(district, finding) == ["leader"] * (number == 2)
        if number == 1:
            story.desk("sun", finding, "dispatches")
    ((_, facts),) = told(district, finding)
    assert (facts["why"], facts["bounces"]) == ("bounced", 2)


def _standing(story, finding):
    return next(each["id"] for each in story.seen_by("sun", finding)["dispatches"] if each["state"] == "issued")


def test_limits_are_values():
    assert DEFAULTS.orphan_after == Limit(1, "working_days")
