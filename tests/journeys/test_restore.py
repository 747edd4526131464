"""Last night's backup is put back under running phones, and they heal it: operations, photos, all that was acknowledged since."""

from __future__ import annotations

import pytest

from tests.journeys.conftest import PASSWORD, recorded, statuses
from tests.phone.phone import SignInNeeded


def test_a_server_put_back_to_last_nights_backup_is_healed_by_its_phones(any_server, hand, tmp_path):  # faults 31, 20
    lin, wu = hand.begin(any_server.url, "lin", batch=3), hand.begin(any_server.url, "wu", "wu", batch=3)
    before = [hand.record(lin, photos=1) for _ in range(3)]
    hand.record(wu, photos=1)
    for phone in (lin, wu):
        phone.sync()
    any_server.worker_once()
    any_server.flask("database", "backup", str(tmp_path / "backup"))

    # A day's work after it: new findings with photos, one amended that is older, a new phone, a fork and what it left behind.
    hand.record(lin, photos=2)
    lin.do("add_note", "finding", before[0], {"text": "看过"})
    lin.do("amend_finding", "finding", before[1], {"fields": {"note": {"seen": None, "value": "面积已量"}}})
    hand.record(wu)
    late = hand.begin(any_server.url, "late", "shen")
    hand.record(late, photos=1)
    for phone in (lin, wu, late):
        phone.sync()
    any_server.worker_once()
    lin.sync()
    had = {key: _facts(doc) for key, doc in lin.mirror.docs("finding").items()}
    hand.record(lin)  # and one that was not sent yet

    any_server.stop()
    any_server.flask("database", "restore", str(tmp_path / "backup"), "--yes")
    any_server.start()
    assert set(recorded(lin)) == set(before)
    with pytest.raises(SignInNeeded):
        late.sync()  # this server knows neither its session nor its replica
    known = late.store["replica"]
    late.sign_in("shen", PASSWORD)
    for phone in (late, wu, lin):
        phone.sync()
    any_server.worker_once()
    for phone in (late, wu, lin):
        phone.sync()
        assert set(statuses(phone)) == {"applied"}
        assert len(recorded(phone)) == sum(outcome.verb == "record_finding" for outcome in phone.outbox.outcomes())
        assert not phone.album.waiting()
        assert not phone.pull(check=True).resync
    assert late.store["replica"] == known
    assert len({phone.store["epoch"] for phone in (late, wu, lin)}) == 1
    healed = {key: _facts(doc) for key, doc in lin.mirror.docs("finding").items()}
    assert had.items() <= healed.items()
    verified = any_server.flask("sync", "verify", "--settled", check=False)
    assert verified.returncode == 0, verified.stdout


def _facts(doc):
    """What inspectors said and showed; numbers, versions and times of receipt are the new incarnation's."""
    photos = sorted((photo["id"], photo["state"]) for photo in doc["photos"])
    notes = [note["text"] for note in doc["notes"]]
    return doc["category"], doc["place"], doc["note"], notes, photos, doc["evidence"], doc["grid"], doc["liable"]
