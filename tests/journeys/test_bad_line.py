"""Whatever a network does to a request: the phone's work arrives whole, and once."""

from __future__ import annotations

import threading
from itertools import pairwise

import pytest

from tests.journeys.conftest import PASSWORD, recorded, statuses
from tests.make.bad_line import BadLine, Fault, Mix
from tests.phone.outbox import ChainDiffers
from tests.phone.patience import Patience
from tests.phone.phone import Forked, Phone
from tests.phone.wire import Refused


@pytest.fixture
def line(any_lasting_server):
    with BadLine(any_lasting_server.url, seed=5) as line:
        yield line
        assert not [passed for passed in line.log if any(status >= 500 for status in passed.statuses)]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("drop_request"),
        Fault("cut_request", at=0.7),
        Fault("cut_request", at=0.7, reset=True),
        Fault("drop_answer"),
        Fault("cut_answer", at=0.1),  # inside its head
        Fault("cut_answer", at=0.9),
        Fault("delay_answer", seconds=0.3),
        Fault("hold", seconds=0.3),
        Fault("late", seconds=5.0),  # the phone has sent it again before it arrives
        Fault("twice"),
        Fault("twice", answer="second"),
        Fault("twice_at_once"),
        Fault("twice_at_once", answer="second"),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.at:g}-{fault.answer}",
)
def test_a_push_arrives_once_whatever_befalls_it(line, hand, fault):  # faults 1, 2, 7
    phone = hand.begin(line.url)
    for _ in range(5):
        hand.record(phone)
    line.once(fault, path="/sync/ops")
    phone.push()
    line.quiet()
    phone.sync()
    assert line.done[fault.kind] == 1
    assert statuses(phone) == ["applied"] * 5
    assert len(recorded(phone)) == 5


@pytest.mark.parametrize("fault", ["drop_answer", "cut_answer", "late", "twice", "twice_at_once", "drop_request"])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_an_upload_ends_whole_whatever_befalls_its_creation_or_its_bytes(line, hand, fault, method):  # faults 50, 51
    phone = hand.begin(line.url, chunk_bytes=8_000)
    hand.photo(phone)
    line.once(Fault(fault, seconds=5.0), method=method, path="/uploads")
    done = phone.album.deliver()
    line.quiet()
    assert line.done[fault] == 1
    assert (len(done.sent), done.refused, phone.album.waiting()) == (1, [], [])
    phone.album.forget_deliveries()
    assert len(phone.album.deliver().already) == 1


def test_a_body_cut_at_any_byte_is_sent_again_and_doubles_nothing(line, hand):  # faults 3, 4
    phone = hand.begin(line.url)
    for cut in range(12):
        hand.record(phone)
        hand.record(phone)
        line.once(Fault("cut_request", at=cut / 11, reset=bool(cut % 2)), path="/sync/ops")
        phone.push()
    line.quiet()
    assert statuses(phone) == ["applied"] * 24
    assert len(recorded(phone)) == 24


def test_an_answer_lost_and_another_token_before_the_next_try_is_still_a_duplicate(line, hand):  # fault 21
    phone = hand.begin(line.url, patience=Patience(tries=1))
    hand.record(phone)
    line.once(Fault("drop_answer"), path="/sync/ops")
    with pytest.raises(ConnectionError):
        phone.push()
    phone.sign_in("lin", PASSWORD)
    phone.register()
    assert phone.push().answers == {"duplicate": 1}


def test_an_app_installed_anew_is_a_new_replica_and_sees_what_the_old_one_had_handed_in(line, hand):  # fault 20
    old = hand.begin(line.url, "old")
    finding = hand.record(old)
    old.push()
    new = hand.begin(line.url, "new")
    assert new.store["replica"] != old.store["replica"]
    (receipt,) = new.receipts(old.store["replica"])
    assert (receipt["seq"], receipt["status"]) == (1, "applied")
    new.sync()
    assert finding in new.mirror.docs("finding")


def test_two_processes_of_one_replica_lose_nothing(line, hand):  # faults 2, 66
    phone = hand.begin(line.url)
    for _ in range(30):
        hand.record(phone)
    met = []

    def push():
        other = Phone(phone.store.path.parent, line.url, batch=4, patience=Patience(tries=12, first_s=0.05, most_s=0.5))
        try:
            other.push()
        except (ConnectionError, Refused, Forked, ChainDiffers) as fault:
            met.append(fault)
        finally:
            other.close()

    threads = [threading.Thread(target=push) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert met == []
    phone.sync()
    assert statuses(phone) == ["applied"] * 30
    assert len(recorded(phone)) == 30


def test_fourteen_days_offline_come_home_though_a_third_of_all_requests_is_lost(line, hand):  # fault 58
    """2,000 operations here; `scripts/soak` does 10,000. Batches shrink where no answer comes in time."""
    phone = hand.begin(line.url, timeout_s=0.6, patience=Patience(tries=40, first_s=0.02, most_s=0.2))
    finding = ""
    with phone.store.transaction():
        for number in range(2000):
            if number % 20 == 0:
                finding = hand.record(phone)
            else:
                phone.do("add_note", "finding", finding, {"text": f"第 {number} 条"})
    sizes = []
    send = phone._push

    def noted(batch, fault):
        sizes.append(len(batch))
        return send(batch, fault)

    phone._push = noted
    line.plan = Mix.loss(0.3, delay_answer=0.1, seconds=(0.7, 0.9))
    done = phone.push()
    line.plan = None
    line.quiet()
    assert any(after < before for before, after in pairwise(sizes[:-1]))
    assert max(sizes) == 200
    assert done.breaks > 3
    patient = hand.open(line.url)
    patient.sync()
    assert statuses(patient) == ["applied"] * 2000
    assert len(recorded(patient)) == 100


def test_a_first_sync_over_64_kbit_s_comes_page_by_page_survives_breaks_and_is_not_ready_early(line, hand):  # faults 37, 38
    """The catalogue and areas of the test district: some hundreds of documents, not the 20,000 of a full phone, which take 40 minutes."""
    phone = hand.begin(line.url, timeout_s=20)
    line.bits_per_second = 64_000
    ready = []
    take = phone.mirror.apply

    def seen(page):
        ready.append(phone.mirror.ready)
        take(page)
        if len(ready) == 3:
            line.bits_per_second = 4_000_000  # out of the cellar: the rest is the same, faster
        if len(ready) == 2:
            line.once(Fault("cut_answer", at=0.5), path="/sync/pull")

    phone.mirror.apply = seen
    done = phone.pull(limit=8)
    assert done.pages > 5
    assert ready == [False] * done.pages
    assert phone.mirror.ready
    line.bits_per_second = None
    assert not phone.pull(check=True).resync


def test_a_record_whose_photo_does_not_come_for_weeks_still_has_it_on_the_phone(line, hand, any_lasting_server):  # fault 48
    phone = hand.begin(line.url)
    finding = hand.record(phone, photos=1)
    phone.push()
    phone.pull()
    later = phone.clock.now().wall.replace(year=phone.clock.now().wall.year + 1)
    assert (phone.album.forget_old(later), len(phone.album.waiting())) == (0, 1)
    assert phone.mirror.docs("finding")[finding]["evidence"]["stored"] == 0
    phone.outbox.forget_old(later)
    phone.album.deliver()
    any_lasting_server.worker_once()
    phone.pull()
    assert phone.mirror.docs("finding")[finding]["evidence"]["usable"] == 1
    assert (phone.album.forget_old(later), phone.album.count()) == (1, 0)
