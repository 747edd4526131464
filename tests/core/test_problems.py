"""Every refusal is a document with a name, a reason and a way out, in both languages."""

from __future__ import annotations

import pytest
from flask import abort
from sqlalchemy.exc import OperationalError

from backend.core import problems
from backend.core.cursors import BadCursor, number, pack, text, unpack
from backend.core.problems import Kind, Problem
from backend.core.validation import of_validation

BASES = [one for one in vars(problems).values() if isinstance(one, type) and issubclass(one, Problem) and one is not Problem]


@pytest.fixture
def app(app):
    return app


@pytest.fixture
def failing(app):
    """An endpoint that raises what the test wants."""
    wanted = []

    def fail():
        raise wanted[-1]

    app._got_first_request = False
    app.add_url_rule("/fail", view_func=fail, methods=["GET"])
    client = app.test_client()

    def ask(fault, **headers):
        wanted.append(fault)
        return client.get("/fail", headers=headers)

    return ask


@pytest.mark.parametrize("kind", BASES, ids=lambda kind: kind.slug)
def test_each_kind_is_answered_with_its_status_in_either_language(failing, kind):
    fault = kind(
        "what is wrong", **({"awaits": "op:1"} if kind is problems.NotYet else {"errors": [("/a/b", "why")], "limits": {"ops": 1}})
    )
    answer = failing(fault, **{"Accept-Language": "fr, en;q=0.5"})
    assert (answer.status_code, answer.content_type) == (int(kind.kind), "application/problem+json")
    assert answer.json["status"] == answer.status_code
    assert (answer.json["type"], answer.json["title"], answer.json["detail"]) == (f"/problems/{kind.slug}", kind.title, "what is wrong")
    assert answer.json["way_out"] == kind.way_out and answer.json["instance"] == "/fail" and answer.json["request_id"]
    chinese = failing(fault, **{"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.1"}).json
    assert (chinese["title"], chinese["way_out"]) == (kind.title_zh, kind.way_out_zh)
    if kind is not problems.NotYet:
        assert (answer.json["errors"], answer.json["limits"]) == ([{"pointer": "/a/b", "detail": "why"}], {"ops": 1})


@pytest.mark.parametrize(
    "status", [400, 401, 403, 404, 405, 406, 408, 409, 410, 411, 412, 413, 414, 415, 416, 422, 423, 428, 429, 500, 503]
)
def test_the_frameworks_own_refusals_are_problems_of_the_same_status(app, status):
    app.add_url_rule("/abort", view_func=lambda: abort(status))
    answer = app.test_client().get("/abort")
    assert (answer.status_code, answer.json["status"], answer.content_type) == (status, status, "application/problem+json")
    kind = Problem.registry.get(answer.json["type"].removeprefix("/problems/"))
    assert kind.kind == status if kind else answer.json["type"] == "about:blank"


def test_headers_and_methods_are_told(app):
    answer = app.test_client().delete("/api/v1/sync/hello")
    assert (answer.status_code, answer.json["type"]) == (405, "/problems/method_not_allowed") and "GET" in answer.headers["Allow"]
    answer = app.test_client().get("/api/v1/nowhere")
    assert (answer.status_code, answer.json["type"]) == (404, "/problems/not_found")
    assert app.test_client().get("/api/v1/findings").headers["WWW-Authenticate"] == "Bearer"


def test_a_fault_of_ours_tells_nothing_of_itself_but_its_request_id(failing, caplog):
    answer = failing(RuntimeError("secret detail"), **{"X-Request-Id": "abc-1"})
    assert (answer.status_code, answer.json["type"], answer.json["request_id"]) == (500, "/problems/unexpected", "abc-1")
    assert "secret" not in answer.text and "secret detail" in caplog.text


def test_a_database_that_does_not_answer_is_not_available(failing):
    answer = failing(OperationalError("select", {}, Exception("gone")))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5") and "select" not in answer.text


@pytest.mark.parametrize(
    ("given", "kept"), [("phone-7:A.b_c", True), ("", False), ("two words", False), ("x" * 81, False), ("<script>", False)]
)
def test_a_request_id_is_taken_from_the_caller_only_if_it_is_a_plain_word(app, given, kept):
    answer = app.test_client().get("/api/v1/sync/hello", headers={"X-Request-Id": given})
    assert (answer.headers["X-Request-Id"] == given) is kept and len(answer.headers["X-Request-Id"]) > 0
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_log_line_is_one_json_object_with_its_request_id(app, capsys):
    import json
    import logging

    from backend.core.observability import JsonFormatter

    with app.test_request_context("/", headers={"X-Request-Id": "r-1"}):
        app.preprocess_request()
        try:
            int("boom\nsecond line")
        except ValueError:
            record = logging.getLogger("x").makeRecord(
                "x", logging.ERROR, "f", 1, "said %s", ("a",), __import__("sys").exc_info(), extra={"op": 1}
            )
        line = JsonFormatter().format(record)
    read = json.loads(line)
    assert "\n" not in line
    assert (read["message"], read["level"], read["request_id"], read["op"]) == ("said a", "error", "r-1", 1) and "boom" in read["exception"]


def test_a_slug_belongs_to_one_problem():
    with pytest.raises(TypeError, match="slug"):
        type("Another", (problems.Invalid,), {})
    with pytest.raises(TypeError, match="share the slug"):
        type("Another", (problems.Invalid,), {"slug": "not_found"})
    assert Kind.CHECKSUM == 460


def test_validation_messages_become_pointers():
    problem = of_validation({"d": {"photos": {0: {"id": ["bad"]}}, "a/b": ["x", "y"], "~": {"_schema": ["z"]}}})
    assert problem.errors == [("/d/photos/0/id", "bad"), ("/d/a~1b", "x"), ("/d/a~1b", "y"), ("/d/~0", "z")]


@pytest.mark.parametrize(
    "cursor", ["x", "é", "W10", "!!!!", "eyJhIjoxfQ", pack("rows", 1), pack("rows", 1, 2, 3), pack("others", 1, 2), "A" * 10_000]
)
def test_a_cursor_that_was_not_made_for_this_list_is_refused(cursor):
    with pytest.raises(BadCursor):
        unpack("rows", cursor, text, number)


def test_a_cursor_gives_back_what_it_was_made_of():
    assert unpack("rows", pack("rows", "2026-11-23", 7), text, number) == ("2026-11-23", 7)
    assert unpack("rows", None, text) is None and unpack("rows", "", text) is None
