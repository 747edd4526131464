"""The text of openapi/operations.md: the operations that phones send, field by field, and the codes of their results, from the code."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator

from marshmallow import Schema, fields, missing, validate

from backend.core.conflicts import Rule
from backend.domains.findings.rules.conflicts import MATRIX
from backend.domains.sync.judging.operations import OPERATIONS
from backend.domains.sync.rules.verdicts import UNDECIDED

NAMES: tuple[tuple[type[fields.Field], str], ...] = (
    (fields.UUID, "UUID"),
    (fields.Boolean, "true or false"),
    (fields.Integer, "whole number"),
    (fields.Float, "number"),
    (fields.Date, "day"),
    (fields.DateTime, "time"),
    (fields.Dict, "object"),
    (fields.String, "text"),
)
"""What a field's type is called, the narrower first."""


PLURALS = {"any value": "lists"}


def operations_md() -> str:
    """The whole page."""
    lines = [
        "<!-- Made by scripts/dev.py openapi from the code; edit that. -->",
        "# Operations",
        "",
        "What a phone may send as `t` and `v`, with its `d`; [phone.md](phone.md) says how. A field not marked as needed may be left",
        "out. Fields that are not listed are kept with the line and otherwise ignored. An operation or version not listed is kept, and",
        "judged once the server knows it.",
    ]
    for (verb, version), known in OPERATIONS.items():
        who = ", ".join(dict.fromkeys(known.roles)) or "whoever the replica belongs to"
        lines += ["", f"## `{verb}`, version {version}", "", _first(known.schema), "", f"On a `{known.entity}`; by {who}."]
        rows = list(_rows(known.schema))
        if rows:
            lines += ["", "| field of `d` | | |", "| --- | --- | --- |", *rows]
    return "\n".join([*lines, *_codes()]) + "\n"


def _codes() -> Iterator[str]:
    yield from (
        "",
        "# Codes",
        "",
        "What `code` says beside the statuses of a result. A `rejected` one that is not listed has the slug of its problem",
        "([problems.md](problems.md)). New codes may come: show what you do not know by its status alone.",
        "",
        "| status | code | when | what holds |",
        "| --- | --- | --- | --- |",
    )
    yield "| rejected | `schema` | a field of the line or of its `d` is missing or wrong | `problem.errors` names each; the line is kept |"
    for code, (status, why) in UNDECIDED.items():
        yield f"| {status} | `{code}` | {why} | nothing to do: it is judged by itself |"
    seen: set[tuple[str, str]] = set()
    for rule in MATRIX:
        if rule.code is not None and (rule.status, rule.code) not in seen:
            seen.add((rule.status, rule.code))
            yield f"| {rule.status} | `{rule.code}` | {'; or '.join(_cases(rule))} | {rule.then} |"


def _cases(one: Rule) -> list[str]:
    return [f"{rule.late}: {rule.meets}" for rule in MATRIX if (rule.status, rule.code) == (one.status, one.code)]


def _first(schema: Schema) -> str:
    said = (inspect.getdoc(type(schema)) or "").partition("\n\n")[0].replace("\n", " ")
    told = re.sub(r"^`d` of \w+: ", "", said)
    return told[:1].upper() + told[1:]


def _rows(schema: Schema, at: str = "") -> Iterator[str]:
    for name, field in schema.fields.items():
        path = f"{at}{field.data_key or name}"
        yield f"| `{path}` | {_kind(field)}{_may_be_null(field)} | {'; '.join(_facts(field))} |"
        inner = field.inner if isinstance(field, fields.List) else field
        if isinstance(inner, fields.Nested):
            yield from _rows(inner.schema, f"{path}{'[]' if inner is not field else ''}.")


def _kind(field: fields.Field) -> str:
    if isinstance(field, fields.List):
        return f"list of {PLURALS.get(_kind(field.inner), _kind(field.inner) + 's')}"
    if isinstance(field, fields.Nested):
        return "object"
    return next((name for kind, name in NAMES if isinstance(field, kind)), "time" if type(field).__name__ == "Moment" else "any value")


def _may_be_null(field: fields.Field) -> str:
    return " or null" if field.allow_none else ""


def _facts(field: fields.Field) -> Iterator[str]:
    if field.required:
        yield "needed"
    elif field.load_default not in (missing, None, list, dict):
        yield f"else {field.load_default}"
    for rule in field.validators:
        yield from _said(rule)
    inner = field.inner.metadata if isinstance(field, fields.List) else {}
    if said := field.metadata.get("description") or inner.get("description"):
        yield said


def _said(rule: object) -> Iterable[str]:
    if isinstance(rule, validate.OneOf):
        yield ", ".join(f"`{choice}`" for choice in rule.choices)
    elif isinstance(rule, validate.Length):
        yield _between(rule.min, rule.max, "long")
    elif isinstance(rule, validate.Range):
        yield _between(rule.min, rule.max, "")
    elif isinstance(rule, validate.Regexp):
        yield rule.error


def _between(least: object, most: object, what: str) -> str:
    said = f"{least} to {most}" if least is not None and most is not None else f"at least {least}" if most is None else f"at most {most}"
    return f"{said} {what}".strip()
