"""Another incarnation of the database: a restore declared, one that a phone finds out, and phones that refill what was lost."""

from __future__ import annotations

import hashlib
import shutil
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from backend.core.config import Settings
from backend.core.database.engine import db
from backend.core.journal import Clock
from backend.domains.findings.model.finding import Finding
from backend.domains.sync.model import Incident, KeptLine, Outcome, Progress
from backend.entrypoints.cli import backups
from backend.entrypoints.cli.operator import Refused
from tests.make import postgres
from tests.make.district import EAST
from tests.make.phone import Phone, chain_of, photo, record_payload, wire
from tests.make.pictures import picture


@pytest.fixture
def command(district, monkeypatch, tmp_path):
    """A command of the operator; PostgreSQL's programs are those of the server under test."""
    home = tmp_path / "programs"
    if district.app.config["SQLALCHEMY_DATABASE_URI"].startswith("postgresql"):
        home.mkdir()
        for name in ("pg_dump", "pg_restore", "psql"):
            (home / name).symlink_to(postgres._candidates()[0] / name)
        monkeypatch.setenv("PATH", str(home), prepend=":")
    runner = district.app.test_cli_runner()

    def run(*words):
        done = runner.invoke(args=[str(word) for word in words])
        close(district)  # the command's own connections, as its process would
        return done

    return run


def close(district):
    with district.app.app_context():
        db.session.remove()
        db.engine.dispose()


def findings(district):
    return {str(each) for each in district.scalars(sa.select(Finding.id))}


def epoch(district):
    return district.scalars(sa.select(Clock.epoch))[0]


def incidents(district, kind):
    return district.scalars(sa.select(Incident).where(Incident.kind == kind).order_by(Incident.at))


def restored(command, file):
    done = command("database", "restore", file, "--yes")
    assert done.exit_code == 0, done.output
    return done.output


def lines_of(phone, count, **d):
    return [phone.line("record_finding", uuid4(), record_payload(**d)) for _ in range(count)]


def set_back(district, phone, through):
    """An undeclared restore: the server has forgotten what this phone sent above `through`."""

    def forget(session, _act):
        ops = session.scalars(sa.select(KeptLine.op).where(KeptLine.seq > through)).all()
        hashes = session.scalars(sa.select(KeptLine.sha256).where(KeptLine.seq <= through).order_by(KeptLine.seq)).all()
        entities = session.scalars(sa.select(Outcome.entity).where(Outcome.op.in_(ops))).all()
        for kind, column, values in ((Outcome, Outcome.op, ops), (KeptLine, KeptLine.op, ops), (Finding, Finding.id, entities)):
            session.execute(sa.delete(kind).where(column.in_(values)))
        chain = bytes(32)
        for digest in hashes:
            chain = hashlib.sha256(chain + bytes(digest)).digest()
        values = {"acked_through": through, "highest": through, "chain": chain, "checked_through": None, "checked_chain": None}
        session.execute(sa.update(Progress).where(Progress.replica == UUID(phone.replica)).values(values))

    district.do(forget)


def test_the_phones_refill_a_server_restored_from_its_backup(district, lin, command, tmp_path):  # faults 31, 20
    file = tmp_path / "night.backup"
    before, content = lines_of(lin, 3), picture(1)
    lin.pushed(*before)
    lin.sync(limit=1000)
    close(district)
    assert command("database", "backup", file).exit_code == 0
    old_epoch, old_cursor = epoch(district), lin.cursor
    # A day's work that no backup holds: records, a picture, and a phone that was registered after it.
    lost = [*lines_of(lin, 2), lin.line("record_finding", uuid4(), record_payload(photos=[photo(content)]))]
    lin.pushed(*lost)
    digest = hashlib.sha256(content).hexdigest()
    assert lin.client.put(f"/api/v1/blobs/sha256/{digest}", data=content).status_code == 201
    mate = Phone(district, "wu")
    mates = lines_of(mate, 2, at=EAST)
    mate.pushed(*mates)
    district.settle()
    numbers = {str(row.id): row.number for row in district.scalars(sa.select(Finding))}
    chain = {"through": 6, "hash": chain_of(*map(wire, (*before, *lost)))}

    assert "epoch" in restored(command, file)
    assert findings(district) == {line["e"]["id"] for line in before} and epoch(district) != old_epoch
    answer = lin.session.post("/api/v1/sync/pull", json={"replica": lin.replica, "cursor": old_cursor})
    assert (answer.status_code, answer.json["action"]) == (410, "bootstrap")
    # The phone does not know yet: it pushes on under the old epoch, is told the new one and what is missing, and resends.
    new = lin.line("record_finding", uuid4(), record_payload())
    answer = lin.push(new, header=lin.header(epoch=old_epoch, chain=chain)).json
    assert (answer["epoch"], answer["acked_through"], answer["missing"]) == (epoch(district), 3, [[4, 6]])
    assert [r["status"] for r in answer["results"]] == ["applied"]
    answer = lin.push(*lost, header=lin.header(epoch=answer["epoch"])).json
    assert (answer["acked_through"], answer["missing"]) == (7, [])
    assert answer["chain"]["hash"] == chain_of(*map(wire, (*before, *lost, new)))
    assert incidents(district, "ahead_of_server") == []
    # The file is on the disk still, but no row speaks of it: it must be delivered again, and can be.
    assert lin.client.post("/api/v1/blobs/status", json={"sha256": [digest]}).json == {digest: {"state": "unknown", "offset": 0}}
    assert lin.client.put(f"/api/v1/blobs/sha256/{digest}", data=content).status_code == 201
    district.settle()
    shown = district.client("lin").get(f"/api/v1/findings/{lost[2]['e']['id']}").json
    assert [each["state"] for each in shown["photos"]] == ["usable"] and shown["needs"] == []
    # The phone that the backup does not know signs in and registers under the id it had.
    assert mate.push(mates[0]).status_code == 401
    asked = {"install_id": mate.install, "replica": mate.replica, "platform": "android", "app_version": "1", "schema": 1}
    again = mate.session.post("/api/v1/replicas", json=asked)
    assert (again.status_code, again.json["replica"], again.json["acked_through"]) == (201, mate.replica, 0)
    mate.client = district.bearing(again.json["credential"])
    assert [r["status"] for r in mate.pushed(*mates)] == ["applied"] * 2
    assert findings(district) == set(numbers) | {new["e"]["id"]}
    lin.cursor, lin.copy = None, {}
    lin.sync(limit=1000)
    assert set(lin.docs()) == {line["e"]["id"] for line in (*before, *lost, new)}


def test_a_backup_is_taken_while_others_write_and_is_of_one_moment(district, lin, command, tmp_path):
    lin.pushed(*lines_of(lin, 2))
    engine = sa.create_engine(district.app.config["SQLALCHEMY_DATABASE_URI"])
    with engine.connect() as writer:
        writer.execute(sa.update(Progress).values(outbox_depth=99))
        done = command("database", "backup", tmp_path / "a")
        writer.rollback()
    engine.dispose()
    assert done.exit_code == 0, done.output
    again = command("database", "backup", tmp_path / "a")
    assert again.exit_code == 1 and "已存在" in again.output
    assert oct((tmp_path / "a").stat().st_mode & 0o777) == "0o600"


def test_restoring_asks_first_and_refuses_what_is_no_backup_or_a_database_in_use(district, lin, command, tmp_path):
    lin.pushed(*lines_of(lin, 1))
    close(district)
    file, other = tmp_path / "good", tmp_path / "other"
    assert command("database", "backup", file).exit_code == 0
    before = epoch(district)
    asked = command("database", "restore", file)
    assert asked.exit_code == 1 and "--yes" in asked.output and "覆盖" in asked.output
    other.write_bytes(b"no backup")
    assert command("database", "restore", other, "--yes").exit_code == 1
    other.write_bytes(file.read_bytes()[:-4096])
    assert command("database", "restore", other, "--yes").exit_code == 1
    url = district.app.config["SQLALCHEMY_DATABASE_URI"]
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        if url.startswith("sqlite"):
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        connection.execute(sa.text("SELECT seq FROM clock")).all()
        busy = command("database", "restore", file, "--yes")
    engine.dispose()
    assert busy.exit_code == 1 and "正在使用" in busy.output, busy.output
    assert (epoch(district), len(findings(district))) == (before, 1)
    restored(command, file)
    assert epoch(district) != before and len(findings(district)) == 1


def test_without_the_programs_of_postgres_the_operator_is_told_which(monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    settings = Settings(data_folder=tmp_path, database_url="postgresql+psycopg://x:geheim@y/z", blob_store="b", secret_key="for-tests-only")
    with pytest.raises(Refused, match="pg_dump is not on PATH") as caught:
        backups.copy_out(settings, tmp_path / "a")
    assert "pg_dump" in str(caught.value).split("错误")[1] and "geheim" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_new_epoch_can_be_declared_and_nothing_else_changes(district, lin, command):
    lin.pushed(*lines_of(lin, 2))
    lin.sync(limit=1000)
    before = epoch(district)
    done = command("sync", "new-epoch")
    assert done.exit_code == 0 and epoch(district) in done.output and epoch(district) != before
    answer = lin.push(lin.line("record_finding", uuid4(), record_payload()), header=lin.header(epoch=before)).json
    assert (answer["epoch"], answer["acked_through"], answer["results"][0]["status"]) == (epoch(district), 3, "applied")
    lin.cursor, copy, lin.copy = None, lin.copy, {}
    lin.sync(limit=1000)
    assert set(copy) < set(lin.copy)


@pytest.fixture
def ahead(district, lin, wu):
    """Lin's phone after a restore that nobody declared: three lines were acknowledged, the server knows one."""
    lines = lines_of(lin, 3)
    lin.pushed(*lines)
    set_back(district, lin, 1)
    new = lin.line("record_finding", uuid4(), record_payload())
    header = lin.header(epoch=epoch(district), chain={"through": 3, "hash": chain_of(*map(wire, lines))})
    answer = lin.push(new, header=header)
    assert answer.status_code == 200
    return lines, new, header, answer.json


def waiting(results):
    return {(result["status"], result["code"]) for result in results}


def test_a_number_given_out_in_the_lost_days_is_never_given_again(district, lin, command):
    lin.record()
    (before,) = lin.pushed()
    district.clock.forward(days=1)  # the backup is of yesterday: today's numbers are lost, and nobody knows how many they were
    command("sync", "new-epoch")
    lin.record()
    (after,) = lin.pushed()
    assert int(before["effects"]["number"].rpartition("-")[2]) < 1000
    assert int(after["effects"]["number"].rpartition("-")[2]) > 10_000


def test_a_phone_ahead_of_the_server_raises_the_alarm_and_waits_and_stops_no_other(district, lin, wu, ahead):  # fault 31
    lines, new, header, answer = ahead
    assert waiting(answer["results"]) == {("received", "awaiting_confirmation")}
    assert (answer["acked_through"], answer["missing"], answer["chain"]["hash"]) == (1, [[2, 3]], chain_of(wire(lines[0])))
    assert waiting(lin.pushed(*lines[1:], header=header)) == {("received", "awaiting_confirmation")}
    district.clock.forward(hours=1)
    district.settle()
    assert new["e"]["id"] not in findings(district) and lines[1]["e"]["id"] not in findings(district)
    (alarm,) = incidents(district, "ahead_of_server")
    assert (str(alarm.replica), alarm.facts["through"], alarm.facts["acked_through"]) == (lin.replica, 3, 1)
    assert {r["status"] for r in wu.pushed(*lines_of(wu, 2))} == {"applied"}
    assert lin.pull()["acked_through"] == 4


def test_confirmed_a_new_epoch_begins_for_all_and_what_waited_is_judged(district, lin, wu, ahead):  # fault 31
    lines, new, header, _ = ahead
    lin.pushed(*lines[1:], header=header)
    before = epoch(district)
    (alarm,) = incidents(district, "ahead_of_server")
    url = f"/api/v1/sync/incidents/{alarm.id}/confirmation"
    for login in ("zhao", "lin", "stranger"):
        assert district.client(login).post(url, json={"restored": True, "note": "x"}).status_code == 403
    assert district.client("admin").post(url, json={"restored": True}).status_code == 422
    answer = district.client("admin").post(url, json={"restored": True, "note": "last night's backup, 03:00"})
    assert (answer.status_code, answer.json["epoch"] != before, answer.json["epoch"]) == (200, True, epoch(district))
    assert district.client("admin").post(url, json={"restored": True, "note": "again"}).json["type"] == "/problems/nothing_to_confirm"
    assert district.client("admin").post(url.replace(str(alarm.id), str(uuid4())), json={"restored": True, "note": "x"}).status_code == 404
    district.clock.forward(minutes=1)
    district.settle()
    assert {line["e"]["id"] for line in (*lines, new)} <= findings(district)
    assert {r["status"] for r in lin.pushed(lin.line("record_finding", uuid4(), record_payload()), header=header)} == {"applied"}
    assert [(each.closed_at is not None, each.note) for each in incidents(district, "ahead_of_server")] == [
        (True, "last night's backup, 03:00")
    ]
    wu.cursor = None
    assert wu.pull()["epoch"] == epoch(district)


def test_refuted_that_phone_alone_goes_on_and_cries_no_wolf(district, lin, ahead):
    lines, new, header, _ = ahead
    before = epoch(district)
    (alarm,) = incidents(district, "ahead_of_server")
    url = f"/api/v1/sync/incidents/{alarm.id}/confirmation"
    assert district.client("admin").post(url, json={"restored": False, "note": "a test phone"}).status_code == 200
    district.clock.forward(minutes=1)
    district.settle()
    assert epoch(district) == before and new["e"]["id"] in findings(district)
    # What it says of itself is not believed until it agrees with the server again; then it is as any other.
    assert {r["status"] for r in lin.pushed(lines[1], header=header)} == {"applied"}
    assert len(incidents(district, "ahead_of_server")) == 1
    assert {r["status"] for r in lin.pushed(lines[2], header=lin.header(chain={"through": 1}))} == {"applied"}
    further = lin.line("record_finding", uuid4(), record_payload())
    assert waiting(lin.pushed(further, header=lin.header(epoch=before, chain={"through": 9}))) == {("received", "awaiting_confirmation")}
    assert len(incidents(district, "ahead_of_server")) == 2


def test_a_chain_is_compared_also_with_a_phone_that_missed_one_answer(district, lin):  # fault 63
    lines = lines_of(lin, 4)
    lin.pushed(*lines[:2])
    lin.pushed(lines[2])
    right = {"through": 2, "hash": chain_of(*map(wire, lines[:2]))}
    lin.pushed(lines[3], header=lin.header(chain=right))
    assert incidents(district, "chain_differs") == []
    for through in (3, 4):
        assert lin.pushed(lines[3], header=lin.header(chain={"through": through, "hash": "00" * 32}))[0]["status"] == "duplicate"
    (incident,) = incidents(district, "chain_differs")
    assert (incident.facts["through"], incident.facts["times"]) == (4, 2)
