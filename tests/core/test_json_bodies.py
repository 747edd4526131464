"""JSON bodies nobody should send: always a problem that says where, never a fault of ours."""

import pytest

HOSTILE = {
    "open arrays": b"[" * 100_000,
    "open objects": b'{"a":' * 50_000,
    "deep and closed": b"[" * 200 + b"]" * 200,
    "a number of 6000 digits": b'{"login":' + b"9" * 6000 + b"}",
    "a lone surrogate": rb'{"login":"\ud800","password":"x"}',
    "a lone surrogate as key": rb'{"\ud800":1}',
    "a NUL": rb'{"login":"a\u0000b","password":"x"}',
    "not a number": b'{"login":NaN}',
    "bytes": b"\xff\xfe{}",
    "a word": b"login",
    "an array": b"[]",
    "nothing": b"",
    "white space": b" \n ",
    "over a mebibyte": b'{"login":"' + b"x" * (1 << 20) + b'"}',
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("path", ["/api/v1/sessions", "/api/v1/people/me/password", "/api/v1/sync/pull"])
def test_a_hostile_body_is_a_problem(cast, path, body):
    cast.person("lin")
    answer = cast.client("lin").post(path, data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 413, 422}, answer.text
    assert answer.mimetype == "application/problem+json"
    assert answer.json["detail"]


def test_what_is_no_json_is_told_by_line_and_column(client):
    answer = client.post("/api/v1/sessions", data=b'{"login":\n "x",,}', headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert "line 2, column" in answer.json["detail"]


TIMES = ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00%2B14:00", "yesterday", "2026-11-23T10:00:00"]


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("path", ["/areas?", "/areas/330113?", "/areas/locate?lon=120&lat=30&datum=WGS-84&", "/roads?"])
def test_a_time_outside_the_calendar_names_its_field(cast, path, time):
    cast.person("lin")
    answer = cast.client("lin").get(f"/api/v1{path}at={time}")
    assert answer.status_code == 422, answer.text
    assert answer.json["errors"][0]["pointer"] == "/at"
