"""Fixtures of journeys that need the real server, and a phone in few words."""

from __future__ import annotations

from itertools import count

import pytest

from tests.make.databases import _or_leave_out
from tests.make.district import DIRT, HOME
from tests.make.people import PASSWORD
from tests.make.pictures import picture
from tests.make.server import any_server, seeded_server  # noqa: F401 - a fixture
from tests.phone.ids import uuid7
from tests.phone.patience import Patience
from tests.phone.phone import Phone

_PICTURES = count(7000)
PATIENT = Patience(tries=12, first_s=0.02, most_s=0.5)


class Hand:
    """Whoever holds the reference phone: opens it on a folder, records, takes photos. `phones` are closed at the end."""

    def __init__(self, folder):
        self.folder = folder
        self.phones = []

    def open(self, url, name="phone", **how):
        phone = Phone(self.folder / name, url, **{"patience": PATIENT, "timeout_s": 10, **how})
        self.phones.append(phone)
        return phone

    def begin(self, url, name="phone", login="lin", **how):
        """A phone that is signed in and registered."""
        phone = self.open(url, name, **how)
        phone.sign_in(login, PASSWORD)
        phone.register()
        return phone

    def record(self, phone, photos=0, note=None, **d):
        """A finding, with photos or without; its id."""
        finding = str(uuid7())
        with phone.store.transaction():
            taken = [self.photo(phone) for _ in range(photos)]
            place = {"lon": HOME[0], "lat": HOME[1], "datum": "WGS-84"}
            payload = {"category": DIRT, "condition": 1, "place": place, "severity": 2, "note": note, "photos": taken, **d}
            phone.do("record_finding", "finding", finding, payload)
        return finding

    def photo(self, phone, size=(320, 200)):
        """A photo's declaration; its bytes are in the album."""
        number = next(_PICTURES)  # no two tests on one server have the same
        path = self.folder / f"{number}.jpg"
        path.write_bytes(picture(number, size=size, noise=True))
        return {**phone.album.keep(path), "role": "before", "taken_at": "2026-11-23T08:00:00+08:00"}


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def lasting_server(request, databases, tmp_path_factory):
    """One server for the tests of a module, started again where one left it dead; each on SQLite and on PostgreSQL."""
    if request.param == "postgres":
        request.getfixturevalue("postgres_wanted_here")
    with seeded_server(databases, request.param, tmp_path_factory.mktemp("server")) as lasting:
        yield lasting


@pytest.fixture(scope="module")
def postgres_wanted_here():
    _or_leave_out()


@pytest.fixture
def any_lasting_server(lasting_server):
    """That server, alive and with nothing armed."""
    lasting_server.spare()
    lasting_server.died_of(within_s=0)
    if lasting_server.is_dead():
        lasting_server.start()
    return lasting_server


@pytest.fixture
def hand(tmp_path):
    hand = Hand(tmp_path)
    yield hand
    for phone in hand.phones:
        phone.close()


def statuses(phone):
    """What became of the phone's operations, as it was told."""
    return [outcome.status for outcome in phone.outbox.outcomes()]


def recorded(phone):
    """The findings this phone recorded, as the server lists them."""
    own = {outcome.entity for outcome in phone.outbox.outcomes() if outcome.verb == "record_finding"}
    found, cursor = [], ""
    while True:
        page = phone.account.ask("GET", f"/findings?mine=true&limit=200{cursor}")
        found += [doc["id"] for doc in page["items"] if doc["id"] in own]
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"
