"""Every list refuses a cursor that it did not make, on both databases: 422, and /cursor is named."""

from __future__ import annotations

import base64
import json

import pytest

ID = "0197c6a0-0000-7000-8000-000000000001"
TEXT = (["\0"], [5], [None], [["a"]])
NUMBER = ([2**63], [10**30], [True], ["1"], [1.5])
MOMENT_AND_ID = (["\0", ID], [None, 5], ["0001-01-01T00:00:00+14:00", ID], ["2026-11-23T09:00:00", ID], ["2026-11-23T09:00:00Z", "\0"])
LISTS = [
    ("admin", "areas", "areas", TEXT),
    ("admin", "roads", "roads", TEXT),
    ("admin", "people", "people", TEXT),
    ("admin", "units", "units", TEXT),
    ("admin", "contracts", "contracts", TEXT),
    ("admin", "responsibility-grids", "responsibility_grids", TEXT),
    ("admin", "policies", "policies", NUMBER),
    ("zhao", "findings/search?q=ab12", "search", NUMBER),
    ("zhao", "findings", "findings", MOMENT_AND_ID),
    ("zhao", "tasks", "tasks", MOMENT_AND_ID),
    ("zhao", "campaigns", "campaigns", MOMENT_AND_ID),
    ("zhao", "worklists/to_file", "worklist:to_file", MOMENT_AND_ID[:1] + MOMENT_AND_ID[2:]),
    ("zhao", "resident-reports", "resident_reports:", MOMENT_AND_ID),
    ("zhao", "messages", "messages", MOMENT_AND_ID),
    ("zhao", "shifts?since=2026-11-20T00:00:00Z&until=2026-11-28T00:00:00Z", "shifts", MOMENT_AND_ID),
    ("zhao", "absences?since=2026-11-20T00:00:00Z&until=2026-11-28T00:00:00Z", "absences", MOMENT_AND_ID),
    ("zhao", "sync/conflicts", "conflicts", MOMENT_AND_ID),
    ("zhao", "sync/exceptions", "exceptions", (["2026-11-23T09:00:00Z", "\0", ID, 1], ["2026-11-23T09:00:00Z", "op", ID, 2**63])),
    ("zhao", "sync/replicas", "replicas", TEXT),
]


@pytest.mark.parametrize(("login", "path", "of", "bad"), LISTS, ids=[each[2] for each in LISTS])
def test_a_cursor_it_did_not_make_is_refused(any_district, login, path, of, bad):
    client = any_district.client(login)
    for values in (*bad, [], ["a", "b", "c"]):
        cursor = base64.urlsafe_b64encode(json.dumps([of, *values]).encode()).decode().rstrip("=")
        answer = client.get(f"/api/v1/{path}{'&' if '?' in path else '?'}cursor={cursor}")
        assert (answer.status_code, answer.json["type"]) == (422, "/problems/bad_page_cursor"), (values, answer.text[:300])
        assert [each["pointer"] for each in answer.json["errors"]] == ["/cursor"], values
