"""One function turns problems into answers; everything that goes wrong ends here."""

from __future__ import annotations

import logging
from http import HTTPStatus

import orjson
from flask import Flask, Response, g, request
from marshmallow import ValidationError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from backend.core.problems import (
    Forbidden,
    Invalid,
    Kind,
    Malformed,
    MethodNotAllowed,
    Missing,
    Problem,
    TooLarge,
    Unauthenticated,
    Unavailable,
    Unexpected,
    WrongMedia,
)
from backend.core.validation import of_validation

log = logging.getLogger(__name__)

_OF_STATUS: dict[int, type[Problem]] = {
    400: Malformed,
    401: Unauthenticated,
    403: Forbidden,
    404: Missing,
    405: MethodNotAllowed,
    413: TooLarge,
    415: WrongMedia,
    422: Invalid,
    503: Unavailable,
}


def answer(problem: Problem, *, status: int | None = None) -> Response:
    """The problem+json answer. The title follows Accept-Language; everything else is the same for everybody.

    A `status` that is none of ours has no page and means no more than HTTP says: its type is `about:blank` (RFC 9457, section 4.2.1).
    """
    body = problem.document()
    # Any English and any Chinese: best_match takes en-GB for neither.
    wanted = next((tag[:2] for tag, _ in request.accept_languages if tag[:2] in {"en", "zh"}), "en")
    if wanted == "zh":
        body["title"], body["way_out"] = problem.title_zh, problem.way_out_zh
    if status is not None and status != problem.kind:
        body.update(type="about:blank", title=HTTPStatus(status).phrase, status=status)
        for word in ("way_out", "title_zh", "way_out_zh"):
            del body[word]
    body["instance"] = request.path
    if request_id := g.get("request_id"):
        body["request_id"] = request_id
    response = Response(orjson.dumps(body), status or int(problem.kind), content_type="application/problem+json")
    response.headers.update(problem.headers)
    return response


def install(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(Problem, answer)
    app.register_error_handler(ValidationError, lambda error: answer(of_validation(error.messages)))
    app.register_error_handler(HTTPException, of_http)
    app.register_error_handler(OperationalError, _database)
    app.register_error_handler(Exception, _unexpected)


def of_http(error: HTTPException) -> Response:
    """An exception of Werkzeug or webargs, with the headers it brought (Allow, Retry-After)."""
    status = error.code or 500
    if status < Kind.MALFORMED:
        return Response(error.get_response().data, status, headers=list(error.get_response().headers))
    messages = (getattr(error, "data", None) or {}).get("messages")
    if messages:
        response = answer(of_validation(messages) if status == Kind.INVALID else Malformed(str(messages)))
    else:
        kind = _OF_STATUS.get(status, Unexpected)
        problem = kind(error.description or kind.title)
        response = answer(problem, status=status)
    for name, value in error.get_response().headers:
        if name not in {"Content-Type", "Content-Length"}:
            response.headers[name] = value
    return response


def _database(error: OperationalError) -> Response:
    if not _passing(error):
        return _unexpected(error)
    log.error("the database did not answer", exc_info=error)
    return answer(Unavailable("the database did not answer in time", headers={"Retry-After": "5"}))


def _passing(error: OperationalError) -> bool:
    """Whether waiting may help: a lock, a lost connection, a server that is not there. A missing table is a fault of ours."""
    return getattr(error.orig, "sqlite_errorname", "") != "SQLITE_ERROR"  # PostgreSQL calls that a programming error


def _unexpected(error: Exception) -> Response:
    log.error("unexpected fault", exc_info=error)
    return answer(Unexpected("the fault was logged"))
