"""The power goes, at each point where it could matter: of the server, of its worker, of the phone. Afterwards all is there, and once."""

from __future__ import annotations

import contextlib

import pytest

from tests.journeys.conftest import recorded, statuses
from tests.phone.patience import Broken, Patience
from tests.phone.store import STEPS

IMPATIENT = Patience(tries=2, first_s=0.01, most_s=0.02)


class Killed(BaseException):
    """The phone's battery is empty."""


def at_most(deed):
    """The deed, as far as it gets."""
    with contextlib.suppress(Broken):
        deed()


@pytest.mark.parametrize(("point", "passes", "counts"), [
    ("kept", 1, (6, 0)),
    ("in_operation", 3, (6, 0)),
    ("sealed", 1, (0, 0)),  # the seal of the keeping: nothing was committed
    ("sealed", 2, (6, 0)),  # that of the judging
    ("judged", 1, (6, 6)),
    ("answer", 1, (6, 6)),
])  # fmt: skip
def test_a_server_that_dies_in_a_push_is_sent_it_again_and_does_it_once(
    any_lasting_server, hand, point, passes, counts
):  # faults 1, 5, 6, 7
    phone = hand.begin(any_lasting_server.url, patience=IMPATIENT)
    for _ in range(6):
        hand.record(phone)
    # Keeping tells the journal nothing where it has nothing to tell: its seal is passed all the same.
    any_lasting_server.die_at(point, passes)
    with pytest.raises(Broken):
        phone.push()
    assert any_lasting_server.died_of() == point
    any_lasting_server.start()
    receipts = list(phone.receipts(phone.store["replica"]))
    assert (len(receipts), sum(receipt["status"] == "applied" for receipt in receipts)) == counts
    phone.sync()
    any_lasting_server.worker_once()
    phone.sync()
    assert statuses(phone) == ["applied"] * 6
    assert len(recorded(phone)) == 6
    assert not phone.pull(check=True).resync


def test_what_a_dead_server_kept_is_judged_by_the_worker_though_the_phone_never_comes_back(any_lasting_server, hand):  # fault 5
    phone = hand.begin(any_lasting_server.url, patience=IMPATIENT)
    for _ in range(3):
        hand.record(phone)
    any_lasting_server.die_at("kept")
    at_most(phone.push)
    any_lasting_server.start()
    any_lasting_server.worker_once()
    assert [receipt["status"] for receipt in phone.receipts(phone.store["replica"])] == ["applied"] * 3


@pytest.mark.parametrize("point", ["offset_moved", "blob_moved", "answer"])
def test_a_server_that_dies_with_a_photo_in_its_hands_has_it_whole_in_the_end(any_lasting_server, hand, point):
    phone = hand.begin(any_lasting_server.url, patience=IMPATIENT, chunk_bytes=10_000)
    finding = hand.record(phone, photos=2)
    phone.push()
    any_lasting_server.die_at(point, 2 if point == "answer" else 1)
    with pytest.raises(Broken):
        phone.album.deliver()
    assert any_lasting_server.died_of() == point
    any_lasting_server.start()
    phone.sync()
    any_lasting_server.worker_once()
    phone.sync()
    assert phone.mirror.docs("finding")[finding]["evidence"] == {"declared": 2, "stored": 2, "usable": 2, "waived": 0}


def test_a_worker_that_dies_in_a_reaction_does_it_when_it_is_there_again(any_lasting_server, hand):
    phone = hand.begin(any_lasting_server.url)
    finding = hand.record(phone, photos=1, category={"kind": "component", "code": "01001"}, condition=2)
    phone.sync()
    for _ in range(2):
        any_lasting_server.die_at("reaction", 2)
        answer = any_lasting_server.worker_once(dying=True)
        assert (answer.returncode, any_lasting_server.died_of(within_s=0)) == (-9, "reaction")
    any_lasting_server.spare()
    any_lasting_server.worker_once()
    phone.sync()
    shown = phone.mirror.docs("finding")[finding]
    assert (shown["state"], len(shown["dispatches"])) == ("dispatched", 1)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("times", [1, 2])
def test_a_phone_that_dies_at_any_step_goes_on_from_its_store(any_lasting_server, hand, step, times):  # fault 37
    counted = []
    shown = []

    def on_step(name):
        if name == step:
            counted.append(name)
            if len(counted) == times:
                shown.append(phone.mirror.ready)
                raise Killed

    server = any_lasting_server
    phone = hand.begin(server.url, batch=2, chunk_bytes=5000, on_step=on_step)
    saved = 0
    try:
        for _ in range(4):
            hand.record(phone, photos=1)
            saved += 1
        phone.push()
        phone.album.deliver()
        phone.pull(limit=20)
    except Killed:
        phone.close()
    else:
        pytest.fail(f"{step} was not passed {times} times")
    phone = hand.open(server.url)
    assert phone.outbox.last_seq == saved
    if step.startswith("page"):
        assert shown == [False]
        assert not phone.mirror.ready
        assert phone.mirror.docs("finding") == {}
    phone.sync(limit=20)
    assert phone.mirror.ready
    assert statuses(phone) == ["applied"] * saved
    assert len(recorded(phone)) == saved
    own = phone.mirror.docs("finding")
    assert [own[finding]["evidence"] for finding in recorded(phone)] == [{"declared": 1, "stored": 1, "usable": 0, "waived": 0}] * saved
    assert not phone.pull(check=True).resync
