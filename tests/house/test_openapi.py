"""The OpenAPI document: committed, current, valid, and complete."""

from __future__ import annotations

import importlib.util
import inspect
import re
from pathlib import Path

import pytest
import yaml
from openapi_spec_validator import validate

ROOT = Path(__file__).resolve().parents[2]
METHODS = {"get", "put", "post", "delete", "options", "head", "patch"}


@pytest.fixture(scope="module")
def dev():
    spec = importlib.util.spec_from_file_location("dev", ROOT / "scripts" / "dev.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def document():
    return yaml.safe_load((ROOT / "openapi" / "openapi.yaml").read_text("utf-8"))


@pytest.fixture
def operations(document):
    return {
        operation["operationId"]: (path, method, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }


def test_the_committed_files_are_what_the_code_says(dev):
    told = "run scripts/dev.py openapi and commit what it writes"
    assert (ROOT / "openapi" / "openapi.yaml").read_text("utf-8") == dev.openapi_yaml(), told
    assert (ROOT / "openapi" / "problems.md").read_text("utf-8") == dev.problems_md(), told
    assert (ROOT / "openapi" / "states.md").read_text("utf-8") == dev.states_md(), told


def test_the_document_is_valid_openapi_31(document):
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_the_served_document_is_the_committed_one(client, document):
    served = client.get("/api/v1/openapi.json").json
    assert {part: served[part] for part in ("paths", "components", "security", "info")} == {
        part: document[part] for part in ("paths", "components", "security", "info")
    }


def test_an_operation_is_named_by_its_function(app, document):
    names = [operation["operationId"] for item in document["paths"].values() for method, operation in item.items() if method in METHODS]
    assert len(names) == len(set(names))
    functions = set()
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1/") and rule.endpoint != "api-docs.openapi_json":
            functions.add(inspect.unwrap(app.view_functions[rule.endpoint]).__name__)
    assert {re.sub(r"_\d+$", "", name) for name in names} == functions


def test_every_route_is_in_the_document(app, document):
    described = {(path, method) for path, item in document["paths"].items() for method in item if method in METHODS}
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/api/v1/") or rule.endpoint == "api-docs.openapi_json":
            continue
        path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)
        implied = {"OPTIONS"} | ({"HEAD"} if "GET" in rule.methods else set())
        own = rule.methods if rule.endpoint.startswith("uploads.describe") else rule.methods - implied
        assert {(path, method.lower()) for method in own} <= described, rule


def test_every_operation_says_who_may_call_it(app, operations):
    declared = {
        inspect.unwrap(view).__name__: view.declared_caller for view in app.view_functions.values() if hasattr(view, "declared_caller")
    }
    for name, (_, _, operation) in operations.items():
        who = declared[re.sub(r"_\d+$", "", name)]
        assert operation["x-caller"] == who
        assert operation["description"].endswith("Callers: anybody." if who == "public" else f"Callers: {who}.")
        assert ("security" in operation) == (who == "public")
        assert operation["summary"]


def test_errors_are_problems(document, operations):
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    assert document["components"]["responses"]["DEFAULT_ERROR"]["content"] == problem
    for _, _, operation in operations.values():
        assert operation["responses"]["default"] == {"$ref": "#/components/responses/DEFAULT_ERROR"}


def test_push_and_uploads_describe_their_bytes(operations):
    binary = {"schema": {"type": "string", "format": "binary"}}
    assert operations["push_operations"][2]["requestBody"]["content"] == {"application/x-ndjson": binary}
    assert {"200", "409"} <= set(operations["push_operations"][2]["responses"])
    for name, headers in {"create_upload": {"Upload-Length", "Upload-Metadata"}, "append_upload": {"Upload-Offset"}}.items():
        operation = operations[name][2]
        assert operation["requestBody"]["content"] == {"application/offset+octet-stream": binary}
        assert {"Tus-Resumable", *headers} <= {each["name"] for each in operation["parameters"] if each.get("required")}
    assert operations["store_blob"][2]["requestBody"]["content"] == {"application/octet-stream": binary}
