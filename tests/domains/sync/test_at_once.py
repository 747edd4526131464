"""Many at once, and a connection that breaks: threads on one application, and the real server on a real socket."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
import sqlalchemy as sa

from backend.core.config import ROOT
from backend.core.journal import JournalEntry
from backend.domains.findings.model.finding import Finding
from backend.domains.sync.model import KeptLine, Outcome
from tests.make.phone import Phone, place, record_payload, wire


def recorded(district):
    return district.scalars(sa.select(Finding.number))


def test_the_same_batch_on_two_connections_is_done_once(district, lin):  # faults 2, 66
    lines = [lin.line("record_finding", uuid4(), record_payload()) for _ in range(8)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: lin.push(*lines), range(4)))
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) <= {200, 409, 503}, [answer.text for answer in answers]
    assert len(recorded(district)) == len(set(recorded(district))) == 8
    told = district.scalars(sa.select(JournalEntry.subject).where(JournalEntry.event == "finding.recorded"))
    assert len(told) == len(set(told)) == 8
    assert district.scalars(sa.select(sa.func.count()).select_from(KeptLine)) == [8]
    district.settle()
    assert set(district.scalars(sa.select(Outcome.status))) == {"applied"}


def test_many_phones_push_at_once_and_none_is_refused(district):  # fault 27
    phones = [Phone(district, ("lin", "wu")[number % 2]) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(push_five, phones))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert {result["status"] for answer in answers for result in answer.json["results"]} == {"applied"}
    numbers = recorded(district)
    assert len(numbers) == len(set(numbers)) == 40


def push_five(phone):
    for _ in range(5):
        phone.record()
    return phone.push()


def test_two_phones_that_amend_the_same_findings_at_once_lose_nothing(district, lin):  # fault 28
    """In opposite orders, so that locks taken as they come would meet head on."""
    district.person("mate", ("inspector", "330113001"))
    mate = Phone(district, "mate")
    findings = [lin.record(severity=1)["e"]["id"] for _ in range(6)]
    lin.pushed()
    versions = {str(row.id): row.version for row in district.scalars(sa.select(Finding))}
    for phone, order, fields in (
        (lin, findings, {"note": {"seen": None, "value": "lin"}}),
        (mate, findings[::-1], {"address": {"seen": None, "value": "mate"}}),
    ):
        for finding in order:
            phone.do("amend_finding", finding, {"fields": fields})
    with ThreadPoolExecutor(2) as pool:
        results = [result for answer in pool.map(Phone.pushed, (lin, mate)) for result in answer]
    assert {result["status"] for result in results} == {"applied"}
    rows = district.scalars(sa.select(Finding))
    assert {(row.note, row.address, row.version - versions[str(row.id)]) for row in rows} == {("lin", "mate", 2)}


def test_desks_that_decide_at_once_do_not_overwrite_each_other(district, lin):
    finding = lin.record()["e"]["id"]
    lin.pushed()
    clients = [district.client(("zhao", "chen")[number % 2]) for number in range(6)]

    def note(client):
        return client.post(f"/api/v1/findings/{finding}/notes", json={"text": "x"}).status_code

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(note, clients)) == [201] * 6
    shown = district.client("zhao").get(f"/api/v1/findings/{finding}").json
    assert (len(shown["notes"]), shown["version"]) == (6, 7)


def test_a_phone_that_pulls_while_others_push_ends_with_everything(district):  # fault 23
    writers = [Phone(district, "lin") for _ in range(3)]
    reader = Phone(district, "tang")
    with ThreadPoolExecutor(3) as pool:
        pushing = [pool.submit(push_some, phone) for phone in writers]
        while not all(future.done() for future in pushing):
            reader.pull(limit=7)
        expected = {finding for future in pushing for finding in future.result()}
    reader.sync(limit=7)
    assert set(reader.docs()) == expected


def push_some(phone):
    found = []
    for _ in range(6):
        found += [phone.record()["e"]["id"] for _ in range(3)]
        phone.pushed()
    return found


# A real server on a real socket: only there does a connection break


@pytest.fixture
def server(district_url, tmp_path):
    """Gunicorn on a seeded SQLite database; its address, and what is in the database."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = {**os.environ, "DATA_FOLDER": str(tmp_path), "DATABASE_URL": district_url[0], "SECRET_KEY": "for-tests-only-not-secret"}
    command = [sys.executable, "-m", "gunicorn", "-k", "gthread", "--threads", "4", "-b", f"127.0.0.1:{port}", "app:app"]
    with (tmp_path / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log)
    try:
        for _ in range(150):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert process.poll() is None, (tmp_path / "server.log").read_text()
            time.sleep(0.1)
        yield port, district_url[1]
    finally:
        process.terminate()
        process.wait(20)


def call(port, path, body, token):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1{path}", json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def raw_push(port, token, body, *, head, cut=None, read=True):
    """Send the head and the first `cut` bytes of the body, then close; the status if it is read."""
    lines = ["POST /api/v1/sync/ops HTTP/1.1", "Host: x", f"Authorization: Bearer {token}", "Content-Type: application/x-ndjson", *head]
    with socket.create_connection(("127.0.0.1", port), 10) as wire_:
        wire_.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body[:cut])
        if cut is not None:
            wire_.shutdown(socket.SHUT_WR)
        if not read:
            return None
        answer = b""
        while chunk := wire_.recv(65536):
            answer += chunk
    return int(answer.split(b" ", 2)[1]) if answer else None


def test_a_connection_that_breaks_inside_a_body_keeps_whole_lines(server):  # faults 3, 4
    port, _ = server
    session = call(port, "/sessions", {"login": "lin", "password": "linping-demo"}, None)
    token = session["access_token"]
    store = call(port, "/replicas", {"install_id": "s", "platform": "x", "app_version": "1", "schema": 1}, token)
    header = {"h": 1, "replica": store["replica"], "sent_at": "2026-11-23T12:00:00+08:00"}
    lines = [
        wire(
            {
                "op": str(uuid4()), "seq": seq, "t": "record_finding", "v": 1, "at": "2026-11-23T11:00:00+08:00",
                "e": {"type": "finding", "id": str(uuid4()), "base": None}, "d": record_payload(place=place()),
            }
        )
        for seq in range(1, 9)
    ]  # fmt: skip
    body = b"".join(line + b"\n" for line in (wire(header), *lines))

    def acked(after):
        """What the server has, asked until it has dealt with the broken request."""
        url = f"http://127.0.0.1:{port}/api/v1/replicas/{store['replica']}/receipts"
        for _ in range(100):
            request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
            with urllib.request.urlopen(request) as answer:
                items = json.load(answer)["items"]
            if len(items) >= after:
                return items
            time.sleep(0.05)
        return items

    cut = body.index(lines[2]) + 10
    raw_push(port, store["credential"], body, head=[f"Content-Length: {len(body)}", "Connection: close"], cut=cut)
    assert [item["seq"] for item in acked(2)] == [1, 2]
    packed = gzip.compress(body)
    raw_push(
        port,
        store["credential"],
        packed,
        head=["Content-Encoding: gzip", f"Content-Length: {len(packed)}", "Connection: close"],
        cut=len(packed) - 12,
    )
    kept = acked(3)
    assert 2 < len(kept) <= 8
    pieces = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (body[:500], body[500:]))
    raw_push(port, store["credential"], pieces, head=["Transfer-Encoding: chunked", "Connection: close"], cut=len(pieces) - 20)
    whole = pieces + b"0\r\n\r\n"
    assert raw_push(port, store["credential"], whole, head=["Transfer-Encoding: chunked", "Connection: close"]) == 200
    items = acked(8)
    assert [(item["seq"], item["status"]) for item in items] == [(seq, "applied") for seq in range(1, 9)]
    # Answered, but the phone was gone: the next push finds all of it known.
    raw_push(port, store["credential"], body, head=[f"Content-Length: {len(body)}", "Connection: close"], read=False)
    assert len(acked(8)) == 8
