"""What the worker does at night: phones hold what goes on, not the archive; and nothing was lost."""

from __future__ import annotations

import pytest

from backend.entrypoints.worker import nightly
from tests.make.phone import Phone
from tests.stories import Story


@pytest.fixture
def district(any_district):
    return any_district


@pytest.fixture
def story(district):
    return Story(district)


def test_what_ended_leaves_the_phones_after_thirty_days_and_comes_back_when_it_is_reopened(district, story):
    phone = Phone(district, "lin")
    ended, open_still = story.closed(), story.dispatched()
    walked = phone.do("open_patrol", None, {"planned": None})["e"]["id"]
    phone.do("close_patrol", walked, {"visited": []})
    phone.pushed()
    phone.sync()
    assert {ended, open_still} <= set(phone.docs())
    assert walked in phone.docs("patrol")
    district.clock.forward(days=29)
    assert nightly.retire(district.app) == 0
    district.clock.forward(days=2)
    assert nightly.retire(district.app) == 2
    assert nightly.retire(district.app) == 0
    district._tokens.clear()  # the sessions opened before have expired
    phone.session = district.client("lin")
    phone.sync()
    assert ended not in phone.docs()
    assert open_still in phone.docs()
    assert walked not in phone.docs("patrol")
    assert story.seen_by("zhao", ended)["state"] == "closed"
    assert nightly.verify_sync(district.app, replay=True).violations == []
    story.desk("chen", ended, "reopening", reason="still broken")
    phone.sync()
    assert phone.docs()[ended]["state"] == "dispatched"
