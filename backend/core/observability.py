"""Request ids and logs: one JSON object a line on standard error, the request id in each."""

from __future__ import annotations

import datetime as dt
import logging
import re
import sys
import time

import orjson
import uuid_utils.compat
from flask import Flask, Response, g, has_request_context, request

_PLAIN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_REQUEST_ID = re.compile(r"^[A-Za-z0-9._:-]{1,80}$")


class JsonFormatter(logging.Formatter):
    """`{time, level, logger, message, request_id, …extra, exception}`."""

    def format(self, record: logging.LogRecord) -> str:
        body: dict[str, object] = {
            "time": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if has_request_context() and (request_id := g.get("request_id")):
            body["request_id"] = request_id
        body.update({key: value for key, value in record.__dict__.items() if key not in _PLAIN})
        if record.exc_info:
            body["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(body, default=str).decode()


def configure(level: str) -> None:
    """Send every log of this process to standard error as JSON, once for a process: for what serves, not for commands or tests."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    for name in ("gunicorn.error", "gunicorn.access"):
        log = logging.getLogger(name)
        log.handlers.clear()
        log.propagate = True
    if level != "DEBUG":
        logging.getLogger("huey").setLevel(logging.WARNING)  # it has a line for each waking


def install(app: Flask) -> None:
    """Give each request an id (the caller's own `X-Request-Id` if it is a plain word) and one access line."""
    log = logging.getLogger("linping.access")

    @app.before_request
    def _begin() -> None:
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if _REQUEST_ID.match(given) else str(uuid_utils.compat.uuid7())
        g.began = time.perf_counter()

    @app.after_request
    def _end(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.get("request_id", "")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        took = round((time.perf_counter() - g.began) * 1000, 1) if "began" in g else None
        level = logging.WARNING if response.status_code >= 500 else logging.INFO
        log.log(level, "%s %s", request.method, request.path, extra={"status": response.status_code, "ms": took})
        return response
