"""A phone as the tests of sync need it: one replica whose lines can be bent in every way. Speaks through Flask's test client."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import json
from typing import Any
from uuid import UUID, uuid4

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.make.district import HOME, MANHOLE, District

NDJSON = "application/x-ndjson"


class Phone:
    """One local store of a person: `do` writes a line, `push` sends what was not sent yet."""

    def __init__(self, district: District, login: str, install: str | None = None) -> None:
        self.district, self.login = district, login
        self.install = install or uuid4().hex
        self.person = district.person(login)
        self.session: FlaskClient = district.client(login)
        answer = self.session.post(
            "/api/v1/replicas", json={"install_id": self.install, "platform": "android", "app_version": "1", "schema": 1}
        )
        assert answer.status_code in {200, 201}, answer.text
        self.replica, self.credential = answer.json["replica"], answer.json["credential"]
        self.client: FlaskClient = district.bearing(self.credential)
        self.seq = 0
        self.unsent: list[bytes] = []
        self.cursor: str | None = None
        self.copy: dict[tuple[str, str], dict[str, Any]] = {}
        self.results: dict[str, dict[str, Any]] = {}

    def line(self, verb: str, entity: UUID | str, d: dict[str, Any] | None = None, **other: Any) -> dict[str, Any]:
        """An operation with the next seq, done now on this boot; `other` replaces members."""
        self.seq += 1
        kind = "patrol" if "patrol" in verb or verb == "append_track" else "replica" if verb == "seq_void" else "finding"
        now = self.district.clock.now()
        line = {
            "op": str(uuid4()),
            "seq": self.seq,
            "t": verb,
            "v": 1,
            "at": now.isoformat(),
            "boot": "k7",
            "mono_ms": mono(now),
            "e": {"type": kind, "id": str(entity), "base": other.pop("base", None)},
            "d": d or {},
        }
        return {**line, **other}

    def do(self, verb: str, entity: UUID | str | None = None, d: dict[str, Any] | None = None, **other: Any) -> dict[str, Any]:
        """Write a line into the outbox."""
        line = self.line(verb, entity or uuid4(), d, **other)
        self.unsent.append(wire(line))
        return line

    def record(self, finding: UUID | str | None = None, *, line: dict[str, Any] | None = None, **d: Any) -> dict[str, Any]:
        """Write a record_finding into the outbox."""
        return self.do("record_finding", finding, record_payload(**d), **(line or {}))

    def header(self, **other: Any) -> dict[str, Any]:
        """Line 1, sent now."""
        now = self.district.clock.now()
        header = {"h": 1, "replica": self.replica, "sent_at": now.isoformat(), "boot": "k7", "mono_ms": mono(now), "outbox_depth": 0}
        return {**header, **other}

    def push(self, *lines: dict[str, Any] | bytes, header: dict[str, Any] | None = None, packed: bool = False) -> TestResponse:
        """Push these lines, or what is in the outbox."""
        sent = [wire(line) if isinstance(line, dict) else line for line in lines] or self.unsent
        if not lines:
            self.unsent = []
        return self.send(b"".join(each + b"\n" for each in (wire(header or self.header()), *sent)), packed=packed)

    def send(self, body: bytes, *, packed: bool = False, **headers: str) -> TestResponse:
        """Push this body as it is."""
        if packed:
            body, headers = gzip.compress(body), {"Content-Encoding": "gzip", **headers}
        return self.client.post("/api/v1/sync/ops", data=body, headers={"Content-Type": NDJSON, **headers})

    def pushed(self, *lines: dict[str, Any] | bytes, **how: Any) -> list[dict[str, Any]]:
        """Push and give the results; anything but 200 fails the test."""
        answer = self.push(*lines, **how)
        assert answer.status_code == 200, answer.text
        return list(answer.json["results"])

    def pull(self, *, limit: int = 500, **other: Any) -> dict[str, Any]:
        """One page after the own cursor; applied to the copy."""
        answer = self.session.post("/api/v1/sync/pull", json={"replica": self.replica, "cursor": self.cursor, "limit": limit, **other})
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json
        self.apply(page)
        return page

    def apply(self, page: dict[str, Any]) -> None:
        """What a phone does with a page."""
        self.cursor = page["cursor"]
        for scope in (*page["scopes"]["dropped"], *page["resync"]):
            for key, held in list(self.copy.items()):
                held["scopes"] = [each for each in held["scopes"] if each != scope]
                if not held["scopes"]:
                    del self.copy[key]
        for change in page["changes"]:
            key = (change["type"], change["id"])
            if change["k"] == "put":
                self.copy[key] = change
            else:
                self.copy.pop(key, None)
        for result in page["results"]:
            self.results[result["op"]] = result

    def sync(self, *, limit: int = 500) -> list[dict[str, Any]]:
        """Pull until nothing more follows; the pages."""
        pages = [self.pull(limit=limit)]
        while pages[-1]["more"]:
            assert len(pages) < 3000, "pages without end"
            pages.append(self.pull(limit=limit))
        return pages

    def docs(self, kind: str = "finding") -> dict[str, dict[str, Any]]:
        """The documents of this type in the copy."""
        return {key: held["doc"] for (each, key), held in self.copy.items() if each == kind}


def mono(moment: dt.datetime) -> float:
    """Milliseconds since the boot, which was at midnight UTC."""
    return round((moment - dt.datetime(2026, 11, 20, tzinfo=dt.UTC)) / dt.timedelta(milliseconds=1), 3)


def wire(line: dict[str, Any]) -> bytes:
    """The line as serialised once."""
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode()


def chain_of(*lines: bytes) -> str:
    """The chain over these lines, as both sides work it out."""
    chain = bytes(32)
    for line in lines:
        chain = hashlib.sha256(chain + hashlib.sha256(line).digest()).digest()
    return chain.hex()


def place(point: tuple[float, float] = HOME, datum: str = "WGS-84", **other: Any) -> dict[str, Any]:
    """A place of the wire."""
    return {"lon": point[0], "lat": point[1], "datum": datum, **other}


def record_payload(**d: Any) -> dict[str, Any]:
    """The `d` of a record_finding."""
    at = d.pop("at", HOME)
    return {"category": MANHOLE, "condition": 2, "place": place(at), "severity": 2, "photos": [], **d}


def photo(content: bytes, **other: Any) -> dict[str, Any]:
    """A photo object of the wire for these bytes."""
    digest = hashlib.sha256(content).hexdigest()
    return {"id": str(uuid4()), "sha256": digest, "bytes": len(content), "mime": "image/jpeg", "role": "before"} | other
