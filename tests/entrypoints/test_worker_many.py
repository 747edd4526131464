"""Several workers at once, and one that starts over: what follows from the journal follows once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from backend.core.deeds import Deed
from backend.core.journal import JournalEntry
from backend.core.reactions import ReactionCursor, ReactionRetry
from backend.domains.deadlines.model import Deadline
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import Dispatch
from backend.entrypoints.worker import nightly, tasks
from tests.make.district import MANHOLE
from tests.make.phone import Phone, photo
from tests.make.pictures import picture, sha256


@pytest.fixture
def district(any_district):
    return any_district


def test_several_workers_at_once_do_everything_once(district):
    lin = Phone(district, "lin")
    findings = [lin.record(category=MANHOLE, condition=2)["e"]["id"] for _ in range(12)]
    contents = [picture(100 + number) for number in range(12)]
    for finding, content in zip(findings, contents, strict=True):
        lin.do("add_photo", finding, photo(content))
    lin.pushed()
    for content in contents:
        lin.client.put(f"/api/v1/blobs/sha256/{sha256(content)}", data=content)

    def work(_number):
        tasks.settle(district.app)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    tasks.settle(district.app)
    assert set(district.scalars(sa.select(Finding.state))) == {"dispatched"}
    assert len(district.scalars(sa.select(Dispatch.id))) == len(district.scalars(sa.select(Deadline.id))) == 12
    for event in ("finding.filed", "finding.dispatched", "deadline.started"):
        told = district.scalars(sa.select(JournalEntry.subject).where(JournalEntry.event == event))
        assert len(told) == len(set(told)) == 12
    assert district.scalars(sa.select(ReactionRetry.seq)) == []
    assert not nightly.verify_by_replay(district.app).violations


def test_a_worker_that_dies_before_a_commit_does_all_of_it_once_when_it_starts_again(district, monkeypatch):
    """Whatever a page of reactions did goes with its transaction: rows, deeds, journal and cursor alike."""
    lin = Phone(district, "lin")
    content = picture(130)
    finding = lin.record(category=MANHOLE, condition=2)["e"]["id"]
    lin.do("add_photo", finding, photo(content))
    lin.pushed()
    lin.client.put(f"/api/v1/blobs/sha256/{sha256(content)}", data=content)
    tasks.photos.examine_due(district.app)
    from backend.core import perform

    seal, left = perform.journal.seal, 3

    def dying(session, told):
        nonlocal left
        seal(session, told)
        left -= 1
        if left == 0:
            raise KeyboardInterrupt

    before = {kind: len(district.rows(sa.select(kind))) for kind in (Deed, ReactionCursor, JournalEntry)}
    monkeypatch.setattr(perform.journal, "seal", dying)
    with pytest.raises(KeyboardInterrupt):
        tasks.react(district.app)
    monkeypatch.setattr(perform.journal, "seal", seal)
    assert len(district.rows(sa.select(JournalEntry))) >= before[JournalEntry]
    district.settle()
    assert district.scalars(sa.select(Finding.state)) == ["dispatched"]
    assert len(district.scalars(sa.select(Dispatch.id))) == 1
    for event in ("finding.filed", "finding.dispatched", "blob.examined"):
        assert len(district.scalars(sa.select(JournalEntry.seq).where(JournalEntry.event == event))) == 1
    assert not nightly.verify_by_replay(district.app).violations
