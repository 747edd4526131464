"""A phone on one keep-alive connection, and the day it pushes. Everything is made before a clock runs."""

from __future__ import annotations

import datetime as dt
import gzip
import http.client
import random
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import orjson
import shapely
import sqlalchemy as sa
import uuid_utils.compat
from house import Server

from backend.entrypoints.cli.demo import cast
from tests.phone.datums import gcj02

NDJSON = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
JSON = {"Content-Type": "application/json"}
CREATED, OK = 201, 200


class Refused(RuntimeError):
    """The server answered otherwise than the bench needs."""


class Phone:
    """A person's phone with an own replica. Every request goes over one connection."""

    def __init__(self, server: Server, login: str = "lin", *, token: str | None = None) -> None:
        """Sign in as `login`, or go on with the token of a session that is open already."""
        self.server = server
        self.wire = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        self.token = token or self._sign_in(login)
        store = {"install_id": str(new_id()), "platform": "bench", "app_version": "1", "schema": 1}
        registered = self.json("POST", "/replicas", store)
        self.replica: str = registered["replica"]
        self.epoch: str = registered["epoch"]
        self.credential: str = registered["credential"]
        self.seq = 0

    def _sign_in(self, login: str) -> str:
        session = self.json("POST", "/sessions", {"login": login, "password": cast.PASSWORD}, token=None)
        return str(session["access_token"])

    def send(self, method: str, path: str, body: bytes | None, headers: dict[str, str], *, token: str | None) -> tuple[int, bytes, Any]:
        """One exchange: status, body, headers."""
        if token:
            headers = {**headers, "Authorization": f"Bearer {token}"}
        self.wire.request(method, path, body, headers)
        answer = self.wire.getresponse()
        return answer.status, answer.read(), answer.headers

    def json(self, method: str, path: str, value: object = None, *, token: str | None = "own") -> Any:  # noqa: S107 - a mark, no token
        """One exchange of JSON under /api/v1 with the session's token; raises Refused."""
        held = self.token if token == "own" else token  # noqa: S105 - a mark, no token
        body = None if value is None else orjson.dumps(value)
        status, text, _ = self.send(method, f"/api/v1{path}", body, JSON, token=held)
        if status not in {OK, CREATED}:
            raise Refused(f"{method} {path}: {status} {text[:500]!r}")
        return orjson.loads(text)

    def push(self, body: bytes) -> bytes:
        """Push a gzip body; the answer as it came."""
        status, text, _ = self.send("POST", "/api/v1/sync/ops", body, NDJSON, token=self.credential)
        if status != OK:
            raise Refused(f"push: {status} {text[:500]!r}")
        return text

    def pull(self, cursor: str | None, limit: int = 500) -> bytes:
        """A page of changes, as it came."""
        asked = orjson.dumps({"replica": self.replica, "cursor": cursor, "limit": limit})
        status, text, _ = self.send("POST", "/api/v1/sync/pull", asked, JSON, token=self.token)
        if status != OK:
            raise Refused(f"pull: {status} {text[:500]!r}")
        return text

    def batch(self, ground: Ground, *, operations: int = 200, hashes: list[tuple[str, int]] | None = None) -> bytes:
        """The next body: a patrol opened, `operations - 2` findings in it with two declared photos each, and the patrol closed.

        `hashes` are (SHA-256, size) of photos that will really be delivered, two a finding as far as they reach.
        """
        return pack(self.header(), self.day(ground, operations, hashes or []))

    def header(self) -> dict[str, Any]:
        """Line 1 of a push."""
        sent = dt.datetime.now(dt.UTC).isoformat()
        return {
            "h": 1,
            "replica": self.replica,
            "epoch": self.epoch,
            "sent_at": sent,
            "boot": "k7",
            "mono_ms": 90_000_000,
            "outbox_depth": 0,
        }

    def day(self, ground: Ground, operations: int, hashes: list[tuple[str, int]]) -> list[dict[str, Any]]:
        """The operations of the next batch."""
        given = iter(hashes)
        patrol = str(new_id())
        opened = self.operation("open_patrol", "patrol", patrol, {"planned": None})
        made = [opened]
        for _ in range(operations - 2):
            pair = [next(given, (ground.chance.randbytes(32).hex(), 402_113)) for _ in range(2)]
            payload = ground.finding(patrol, pair)
            made.append({**self.operation("record_finding", "finding", str(new_id()), payload), "deps": [opened["op"]]})
        closed = self.operation("close_patrol", "patrol", patrol, {"visited": []})
        return [*made, {**closed, "deps": [opened["op"]]}]

    def operation(self, verb: str, kind: str, entity: str, payload: dict[str, Any]) -> dict[str, Any]:
        """The next line: done two hours ago by the phone's clock, 10,000 s before the header's by its monotonic one."""
        self.seq += 1
        at = dt.datetime.now(dt.UTC) - dt.timedelta(hours=2)
        return {
            "op": str(new_id()),
            "seq": self.seq,
            "t": verb,
            "v": 1,
            "at": at.isoformat(),
            "boot": "k7",
            "mono_ms": 80_000_000 + self.seq % 1_000_000,
            "e": {"type": kind, "id": entity, "base": None},
            "d": payload,
        }


@dataclass(slots=True)
class Ground:
    """What findings are made of: categories with their conditions, and places inside the district (WGS-84 degrees)."""

    categories: list[tuple[str, str, list[int]]]
    places: list[tuple[float, float]]
    chance: random.Random

    @classmethod
    def of(cls, url: str) -> Ground:
        """Read from the server's own catalogue and territory."""
        engine = sa.create_engine(url)
        with engine.connect() as reader:
            conditions = reader.execute(sa.text("SELECT kind, code, number FROM catalog_condition"))
            found: dict[tuple[str, str], list[int]] = {}
            for kind, code, condition in conditions:
                found.setdefault((kind, code), []).append(condition)
            polygons = [bytes(row[0]) for row in reader.execute(sa.text("SELECT polygon FROM area WHERE level = 'grid'"))]
        engine.dispose()
        shapes = shapely.from_wkb(np.array(polygons, dtype=object))
        inside = shapely.point_on_surface(shapes)
        places = list(zip(shapely.get_x(inside).tolist(), shapely.get_y(inside).tolist(), strict=True))
        chance = random.Random(7)  # noqa: S311 - the same day on every run
        return cls([(kind, code, numbers) for (kind, code), numbers in found.items()], places, chance)

    def finding(self, patrol: str, photos: list[tuple[str, int]]) -> dict[str, Any]:
        """`d` of a record_finding somewhere in the district: every other place as a map SDK gives it."""
        chance = self.chance
        kind, code, conditions = chance.choice(self.categories)
        lon, lat = chance.choice(self.places)
        datum = chance.choice(("WGS-84", "GCJ-02"))
        if datum == "GCJ-02":
            lon, lat = gcj02(lon, lat)
        taken = (dt.datetime.now(dt.UTC) - dt.timedelta(hours=2)).isoformat()
        return {
            "patrol": patrol,
            "category": {"kind": kind, "code": code, "edition": 1},
            "condition": chance.choice(conditions),
            "asset": None,
            "address": f"东湖中路 {chance.randint(1, 900)} 号",
            "place": {
                "lon": round(lon, 7),
                "lat": round(lat, 7),
                "datum": datum,
                "accuracy_m": round(chance.uniform(3, 30), 1),
                "provider": "gnss",
                "fix_age_s": 2,
                "mock": False,
            },
            "severity": chance.randint(1, 3),
            "note": "路面破损，约两平方米，影响非机动车通行。",
            "photos": [
                {"id": str(new_id()), "sha256": sha256, "bytes": size, "mime": "image/jpeg", "role": role, "taken_at": taken}
                for (sha256, size), role in zip(photos, ("before", "scene"), strict=False)
            ],
        }


def new_id() -> UUID:
    """A time-ordered id, as the phones make them."""
    return uuid_utils.compat.uuid7()


def pack(header: dict[str, Any], operations: list[dict[str, Any]]) -> bytes:
    """The gzip body."""
    return gzip.compress(b"".join(orjson.dumps(line) + b"\n" for line in (header, *operations)), 6)


def statuses(answer: bytes) -> dict[str, int]:
    """How many operations became what."""
    counts: dict[str, int] = {}
    for result in orjson.loads(answer)["results"]:
        counts[result["status"]] = counts.get(result["status"], 0) + 1
    return counts
