"""No route without a declared caller; what anybody may call is a list that somebody decided."""

from __future__ import annotations

import uuid

import pytest
from flask import Flask
from werkzeug.routing import Rule

UNDECLARED = {
    "web.static": "files of ours for the pages",
    "api-docs.openapi_json": "the OpenAPI document, served by flask-smorest",
}
PUBLIC = {
    "health.tell_alive",
    "health.tell_ready",
    "residents.add_report_photo",
    "residents.ask_reopening",
    "residents.forget_contact",
    "residents.get_report_status",
    "residents.list_public_categories",
    "residents.list_known_nearby",
    "residents.rate_report",
    "residents.show_report_photo",
    "residents.submit_report",
    "residents.withdraw_report",
    "residents.write_report_message",
    "sessions.open_session",
    "sync.say_hello",
    "uploads.describe_uploads",
    "uploads.describe_uploads_1",
    "web.list_problems",
    "web.send_swagger",
    "web.show_docs",
    "web.show_home",
    "web.show_problem",
}


def undeclared(app: Flask) -> set[str]:
    """Endpoints that do not say who may call them."""
    return {rule.endpoint for rule in app.url_map.iter_rules() if not hasattr(app.view_functions[rule.endpoint], "declared_caller")}


def test_every_route_declares_its_caller(app):
    assert undeclared(app) == set(UNDECLARED)


def test_a_route_that_does_not_is_found(app):
    app.add_url_rule("/api/v1/left-open", "left_open", lambda: "")
    assert undeclared(app) == {*UNDECLARED, "left_open"}


def test_what_anybody_may_call_is_what_was_decided(app):
    public = {
        rule.endpoint for rule in app.url_map.iter_rules() if getattr(app.view_functions[rule.endpoint], "declared_caller", "") == "public"
    }
    assert public == PUBLIC


def some_path(app: Flask, rule: Rule) -> str:
    """A path that the rule matches."""
    values = {}
    for name in rule.arguments:
        converter = rule._converters[name]
        kind = type(converter).__name__
        values[name] = uuid.UUID(int=1) if kind == "UUIDConverter" else min(converter.items) if kind == "AnyConverter" else 1
    with app.test_request_context():
        return rule.build(values)[1]


def test_without_a_token_every_other_route_answers_401(app, client):
    closed = [rule for rule in app.url_map.iter_rules() if rule.endpoint not in PUBLIC | set(UNDECLARED)]
    assert len(closed) > 40
    for rule in closed:
        for method in rule.methods - {"OPTIONS"}:
            answer = client.open(some_path(app, rule), method=method)
            assert (answer.status_code, answer.headers.get("WWW-Authenticate")) == (401, "Bearer"), (rule, method)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_path_that_is_not_there_is_a_problem(client, method):
    answer = client.open("/api/v1/nothing", method=method)
    assert (answer.status_code, answer.content_type, answer.json["type"]) == (404, "application/problem+json", "/problems/not_found")
