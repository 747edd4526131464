"""Holds every JSON answer of the application to the OpenAPI document: what a client was generated from must be what it gets.

`watch(app)` notes each answer under /api/v1 that differs from the document; the fixture `documented`, which every test uses once this
module is among the plugins, fails the test in which one did.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, Response, request
from jsonschema import Draft202012Validator

differences: list[str] = []
"""What differed since the test began."""

_MOST = 3
_BODILESS = {204, 304}


def watch(app: Flask) -> None:
    """Compare the application's answers from now on."""
    documents: dict[str, Any] = {}
    validators: dict[tuple[str, str, str], Draft202012Validator | None] = {}

    def compare(response: Response) -> Response:
        rule = request.url_rule
        if rule is None or not rule.rule.startswith("/api/v1/") or rule.endpoint.startswith("api-docs") or not response.is_json:
            return response
        if response.status_code in _BODILESS or request.method == "HEAD":
            return response
        if not documents:
            documents.update(json.loads(json.dumps(app.extensions["linping.api"].spec.to_dict())))
        key = (re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule), request.method.lower(), str(response.status_code))
        if (*key, response.mimetype) not in validators:
            validators[*key, response.mimetype] = _validator(documents, *key, response.mimetype)
        validator = validators[*key, response.mimetype]
        told = f"{request.method} {request.path} {response.status}"
        if validator is None:
            differences.append(f"{told}: {response.mimetype} is not in the document")
        else:
            errors = list(validator.iter_errors(response.get_json()))
            differences.extend(f"{told}: {error.json_path}: {error.message[:200]}" for error in errors[:_MOST])
        return response

    app.after_request(compare)


@pytest.fixture(autouse=True)
def documented() -> Iterator[list[str]]:
    """Fails the test in which an answer differed from the document."""
    differences.clear()
    yield differences
    assert not differences, "\n".join(differences)


def _validator(document: dict[str, Any], path: str, method: str, status: str, mimetype: str) -> Draft202012Validator | None:
    operation = document["paths"].get(path, {}).get(method)
    if operation is None:
        return None
    answer = operation["responses"].get(status) or operation["responses"]["default"]
    if "$ref" in answer:
        answer = document["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
    media = answer.get("content", {}).get(mimetype)
    return None if media is None else Draft202012Validator({**media["schema"], "components": document["components"]})
