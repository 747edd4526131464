"""What happens by itself: filing and dispatch by policy, deadlines of new years, what a crash left; each safe to repeat."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from backend.core.journal import JournalEntry
from backend.core.reactions import ReactionCursor
from backend.domains.deadlines.model import Deadline
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import Dispatch
from backend.entrypoints.worker import Jobs, queue, tasks, waker
from tests.make.district import DIRT, EAST, MANHOLE, OUTSIDE
from tests.make.phone import photo
from tests.make.pictures import picture, sha256
from tests.stories import Story


@pytest.fixture
def district(any_district):
    return any_district


@pytest.fixture
def story(district):
    return Story(district)


def test_where_policy_allows_a_finding_is_filed_and_dispatched_by_itself(district, story):
    finding = story.ready(category=MANHOLE, condition=2)
    shown = story.seen_by("zhao", finding)
    (task,) = shown["dispatches"]
    assert (shown["state"], shown["state_version"], task["automatic"], task["contract"]) == (
        "dispatched",
        3,
        True,
        str(district.contracts["SZ"]),
    )
    assert shown["deadline"] == task["due"] is not None
    moves = [entry for entry in shown["history"] if entry["event"] in {"finding.filed", "finding.dispatched"}]
    assert [(entry["actor"], entry["facts"]["automatic"]) for entry in moves] == [(None, True), (None, True)]


@pytest.mark.parametrize(
    ("d", "state"),
    [
        ({"category": DIRT, "condition": 1}, "recorded"),  # a trade that the desk files
        ({"category": MANHOLE, "condition": None}, "recorded"),
        ({"category": MANHOLE, "at": OUTSIDE}, "recorded"),
        ({"category": MANHOLE, "at": EAST}, "filed"),  # no contract there and no unit in the matrix
    ],
)
def test_what_is_not_clear_is_left_to_the_desk(story, d, state):
    finding = story.ready(**{"condition": 2, **d})
    assert story.seen_by("zhao", finding)["state"] == state


def test_it_waits_for_every_photo(district, story):
    contents = [picture(60), picture(61)]
    declared = [photo(content) for content in contents]
    finding = story.recorded(category=MANHOLE, condition=2)
    for each in declared:
        story.lin.do("add_photo", finding, each)
    story.lin.pushed()
    district.settle()
    assert story.seen_by("zhao", finding)["state"] == "recorded"
    for content, state in zip(contents, ("recorded", "dispatched"), strict=True):
        story.lin.client.put(f"/api/v1/blobs/sha256/{sha256(content)}", data=content)
        district.settle()
        assert story.seen_by("zhao", finding)["state"] == state


def test_a_photo_that_cannot_be_decoded_is_told_and_is_no_evidence(district, story):
    content = picture(62, size=(640, 480), noise=True)
    cut = content[: len(content) // 2]
    finding = story.recorded(category=MANHOLE, condition=2)
    story.lin.do("add_photo", finding, photo(cut))
    story.lin.pushed()
    assert story.lin.client.put(f"/api/v1/blobs/sha256/{sha256(cut)}", data=cut).status_code == 201
    district.settle()
    shown = story.seen_by("zhao", finding)
    assert (shown["state"], shown["needs"], shown["photos"][0]["state"]) == ("recorded", ["photos"], "unreadable")
    story.lin.sync()
    assert story.lin.docs()[finding]["photos"][0]["fault"]


def test_a_request_to_void_stops_what_would_happen_by_itself(district, story):
    content = picture(63)
    finding = story.recorded(category=MANHOLE, condition=2)
    story.lin.do("add_photo", finding, photo(content))
    story.lin.pushed()
    story.desk("zhao", finding, "void-request", reason="double")
    story.lin.client.put(f"/api/v1/blobs/sha256/{sha256(content)}", data=content)
    district.settle()
    assert story.seen_by("zhao", finding)["state"] == "recorded"


def test_following_the_journal_again_from_its_beginning_doubles_nothing(district, story):
    findings = [story.ready(category=MANHOLE, condition=2), story.filed(), story.recorded()]
    before = [facts_of(story.seen_by("zhao", finding)) for finding in findings]
    counts = [len(district.scalars(sa.select(table.id))) for table in (Dispatch, Deadline, Finding)]
    district.do(lambda session, _act: session.execute(sa.update(ReactionCursor).values(seq=0)))
    assert district.react() > 0
    district.do(lambda session, _act: session.execute(sa.delete(ReactionCursor)))
    district.settle()
    assert [facts_of(story.seen_by("zhao", finding)) for finding in findings] == before
    assert [len(district.scalars(sa.select(table.id))) for table in (Dispatch, Deadline, Finding)] == counts
    for event in ("finding.filed", "finding.dispatched"):
        told = district.scalars(sa.select(JournalEntry.subject).where(JournalEntry.event == event))
        assert len(told) == len(set(told))


def facts_of(shown):
    return {name: value for name, value in shown.items() if name not in {"version", "history"}}


def test_a_quiet_worker_writes_nothing(district, story):
    story.ready(category=MANHOLE, condition=2)
    last = district.scalars(sa.select(sa.func.max(JournalEntry.seq)))
    district.settle()
    assert district.react() == 0
    assert district.scalars(sa.select(sa.func.max(JournalEntry.seq))) == last


def test_once_does_what_is_due_and_stops(district, story):
    content = picture(64)
    finding = story.recorded(category=MANHOLE, condition=2)
    story.lin.do("add_photo", finding, photo(content))
    story.lin.pushed()
    story.lin.client.put(f"/api/v1/blobs/sha256/{sha256(content)}", data=content)
    result = district.app.test_cli_runner().invoke(args=["worker", "--once"])
    assert result.exit_code == 0, result.output
    assert story.seen_by("zhao", finding)["state"] == "dispatched"


def test_the_worker_leaves_to_a_push_what_it_is_about_to_judge(district, story, monkeypatch):
    from backend.domains.sync.api import push as api

    monkeypatch.setattr(api, "judge", lambda *_given, **_facts: [])
    story.lin.record()
    assert story.lin.pushed()[0]["status"] == "received"
    assert tasks.judge_left(district.app) == 0
    district.clock.forward(seconds=31)
    assert tasks.judge_left(district.app) == 1


def test_a_commit_that_told_something_wakes_the_worker_once_a_moment(district, monkeypatch):
    from backend.entrypoints import worker

    settings, opened = district.app.extensions["linping.settings"], []
    monkeypatch.setattr(worker, "queue", lambda given: opened.append(queue(given)) or opened[-1])
    wake = waker(settings)
    for _ in range(50):
        wake()
    jobs = Jobs(worker.queue(settings))
    assert len(jobs.huey.scheduled()) + len(jobs.huey.pending()) == 1
    for each in opened:
        each.storage.close()


def test_a_queue_that_cannot_be_had_does_not_undo_what_was_committed(district, caplog, monkeypatch):
    from backend.entrypoints import worker

    def broken(_settings):
        raise OSError("no queue")

    monkeypatch.setattr(worker, "queue", broken)
    wake = waker(district.app.extensions["linping.settings"])
    wake()
    assert "could not be woken" in caplog.text
