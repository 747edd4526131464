"""The district with a mail server and a receiver of webhooks beside it, on both databases."""

import pytest

from tests.make.application import build_app, close_app
from tests.make.district import District
from tests.make.receivers import Hook, Mailbox
from tests.stories import Story


@pytest.fixture
def mailbox():
    box = Mailbox()
    box.start()
    yield box
    box.stop()


@pytest.fixture
def hook():
    hook = Hook()
    hook.start()
    yield hook
    hook.stop()


@pytest.fixture
def district(any_district_url, tmp_path, clock, mailbox):
    url, seeded = any_district_url
    app = build_app(url, tmp_path, smtp_url=mailbox.url, mail_from="patrol@linping.example", private_webhooks=1)
    yield District(app, clock, seeded)
    close_app(app)


@pytest.fixture
def story(district):
    return Story(district)
