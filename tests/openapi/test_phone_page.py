"""openapi/phone.md is run as it stands: its requests in their order, against the answers that it shows."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from uuid import uuid4

import pytest

from tests.make.databases import ROOT
from tests.make.people import PASSWORD
from tests.make.pictures import picture
from tests.phone.outbox import chain

PAGE = ROOT / "openapi" / "phone.md"
BLOCK = re.compile(r"^```(?P<kind>\S+)(?: (?P<what>[^\n]*))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
HOLE = re.compile(r"<([a-z0-9_]+)>")


@pytest.fixture(scope="module")
def blocks():
    return [(found["kind"], found["what"] or "", found["text"]) for found in BLOCK.finditer(PAGE.read_text("utf-8"))]


def filled(text, known):
    return HOLE.sub(lambda hole: str(known.get(hole[1], hole[0])), text)


def matches(shown, given, known, at="answer"):
    """Whether the answer is as shown: `…` is anything, a `<name>` is taken down or compared, other members must be there and equal."""
    if shown == "…":
        return
    if isinstance(shown, str) and (hole := HOLE.fullmatch(shown)):
        assert known.setdefault(hole[1], given) == given, at
    elif isinstance(shown, dict):
        assert isinstance(given, dict), at
        for name, value in shown.items():
            if name != "…":
                member = filled(name, known)
                assert member in given, f"{at}: no {member}"
                matches(value, given[member], known, f"{at}.{member}")
    elif isinstance(shown, list):
        assert isinstance(given, list), at
        assert bool(shown) == bool(given), f"{at}: {given}"
        for each, value in zip(shown, given, strict=False):
            matches(each, value, known, f"{at}[]")
    else:
        assert shown == given, at


def test_every_request_of_the_page_answers_as_it_says(district, blocks):
    content = picture(5)
    known = {name: str(uuid4()) for name in ("install_id", "op", "finding", "photo")}
    district.clock.forward(hours=1)
    now = district.clock.now().replace(microsecond=0)
    known |= {"login": "lin", "password": PASSWORD, "now": now.astimezone(dt.timezone(dt.timedelta(hours=8))).isoformat()}
    known |= {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    client, answer, asked = district.app.test_client(), None, 0
    for kind, what, text in blocks:
        if (kind, what) == ("json", "line"):
            known["line"] = filled(text, known).strip()
            known["chain"] = chain(bytes(32), [known["line"].encode()]).hex()
        elif kind == "http":
            head, _, body = text.partition("\n\n")
            first, *lines = head.strip().splitlines()
            method, path = first.split()
            headers = dict(filled(line, known).split(": ", 1) for line in lines)
            assert not HOLE.search(str(headers)), headers
            sent = content if body.strip() == "<photo bytes>" else filled(body, known).encode()
            answer = client.open(filled(path, known), method=method, headers=headers, data=sent)
            asked += 1
        elif what.startswith("answer"):
            assert answer.status_code == int(what.split()[1]), answer.text
            matches(json.loads(text), answer.json if answer.is_json else "…", known)
    assert asked == 7


def test_the_vectors_of_the_page_are_right(blocks):
    vectors = {what: json.loads(text) for kind, what, text in blocks if what.startswith("vector")}
    lines = [line.encode() for line in vectors["vector chain"]["lines"]]
    assert chain(bytes(32), lines).hex() == vectors["vector chain"]["hash"]
    total = 0
    for kind, name, version in vectors["vector digest"]["members"]:
        total += int.from_bytes(hashlib.sha256(f"{kind}|{name}|{version}".encode()).digest()[:8], "big")
    assert vectors["vector digest"]["digest"] == [2, f"{total % 2**64:016x}"]
