"""Where the time of a request goes: functions are timed from outside, each without those it calls, and what is left over is named too.

The product has no timers. Seams that no longer exist are told, not passed over.
"""

from __future__ import annotations

import gc
import importlib
import sys
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import house
from sqlalchemy.engine.interfaces import Dialect

from backend import create_app
from backend.core.config import Settings
from backend.core.database.engine import db

# Stage: what is timed for it. Functions are timed wherever they were imported to.
SEAMS: dict[str, tuple[str, ...]] = {
    "body: read, inflate, split, hash": ("backend.core.http.body:read_lines", "backend.core.http.body:Body.hashes"),
    "JSON and envelopes": (
        "backend.domains.sync.rules.header:read_header",
        "backend.domains.sync.rules.lines:read_line",
        "backend.domains.sync.rules.envelope:read_operation",
    ),
    "keep: tell fresh from known, progress": ("backend.domains.sync.actions.keep:keep_push",),
    "judge: prefetch": ("backend.domains.sync.judging.run:prepare",),
    "judge: the run around the operations": ("backend.domains.sync.judging.judge:judge",),
    "judge: one operation, effects": ("backend.domains.sync.judging.judge:_judge_one",),
    "judge: outcomes": ("backend.domains.sync.judging.outcomes:record_outcomes",),
    "validate (marshmallow)": ("marshmallow:Schema.load",),
    "record_finding itself": ("backend.domains.findings.actions.record:record_finding",),
    "declare photos": ("backend.domains.evidence.actions.photos:declare_photo",),
    "category": ("backend.domains.findings.actions.placing:categorise", "backend.domains.findings.actions.placing:take_category"),
    "place: datum, grid": ("backend.domains.findings.actions.placing:place_finding",),
    "contract: roads, match, owners": ("backend.domains.findings.actions.placing:bind_contract",),
    "journal and feed: rows, hash chain": ("backend.core.journal:seal",),
    "ORM: flush (unit of work)": ("sqlalchemy.orm:Session.flush",),
    "rows by one statement: values, JSON": ("backend.core.database.inserts:insert_rows",),
    "SQLAlchemy: statements in and rows out": (
        "sqlalchemy.orm:Session.execute",
        "sqlalchemy.orm:Session.connection",
        "sqlalchemy.orm:Session.scalar",
        "sqlalchemy.orm:Session.scalars",
        "sqlalchemy.orm:Session.get",
        "sqlalchemy.engine:Connection.execute",
        "sqlalchemy.engine:Connection.scalar",
        "sqlalchemy.engine:Result.all",
    ),
    "pull: which changes": ("backend.domains.sync.queries.feed:pull_page",),
    "pull: finding documents": ("backend.domains.findings.queries.documents:finding_docs",),
    "pull: photos of findings": ("backend.domains.evidence.queries:photos_of",),
    "upload: the endpoint": ("backend.domains.evidence.api.chunks:take_chunk", "backend.domains.evidence.api.arriving:finish"),
    "upload: where it stands, quota": (
        "backend.domains.evidence.queries:find_standing",
        "backend.domains.evidence.queries:undeclared_bytes",
        "backend.domains.evidence.queries:find_delivered",
    ),
    "upload: read, hash, write": ("backend.domains.evidence.outside.spool:Part.receive",),
    "upload: fsync": ("os:fsync",),
    "upload: picture header": ("backend.domains.evidence.outside.pictures:read_header",),
    "upload: into the store": ("backend.domains.evidence.outside.stores:LocalStore.keep",),
    "upload: store_blob": ("backend.domains.evidence.actions.uploads:store_blob",),
    "JSON of the answer": ("orjson:dumps",),
    "who calls (token)": ("backend.core.http.callers:_authenticated",),
    "answer: standing, results": ("backend.domains.sync.api.push:_push_answer",),
}
LEAST = 0.002  # of all: below it a stage is not worth a line
DRIVER, COMMIT, REST = "database driver: statements", "database driver: begin, commit", "HTTP, Flask, everything else"


class Stages:
    """Seconds a stage, own time only. One thread."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.statements: dict[str, list[float]] = {}
        self.missing: list[str] = []
        self._open: list[str] = []
        self._since = 0.0
        self._done: set[object] = set()

    def watch(self, dialect: Dialect) -> None:
        """Begin to time, from zero."""
        self.seconds.clear()
        self.statements.clear()
        for stage, seams in SEAMS.items():
            for seam in seams:
                self._wrap(stage, seam)
        self._wrap_driver(dialect)

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function with its own time counted for the stage."""

        @wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            self._switch(stage)
            try:
                return function(*args, **kwargs)
            finally:
                self._switch(None)

        return run

    def _switch(self, stage: str | None) -> None:
        now = time.perf_counter()
        if self._open:
            held = self._open[-1]
            self.seconds[held] = self.seconds.get(held, 0.0) + now - self._since
        self._since = now
        if stage is None:
            self._open.pop()
        else:
            self._open.append(stage)

    def _wrap(self, stage: str, seam: str) -> None:
        """Put the timed function in the place of the one named `module:name` or `module:Class.name`, wherever it was imported to."""
        if seam in self._done:
            return
        self._done.add(seam)
        module_name, _, path = seam.partition(":")
        try:
            module = importlib.import_module(module_name)
            owner: Any = module
            *outer, name = path.split(".")
            for part in outer:
                owner = getattr(owner, part)
            function = getattr(owner, name)
        except (ImportError, AttributeError):
            self.missing.append(seam)
            return
        timed = self.timed(stage, function)
        setattr(owner, name, timed)
        if not outer and module_name.startswith("backend."):
            _replace(function, timed)

    def _wrap_driver(self, dialect: Dialect) -> None:
        """Time the dialect's calls into the driver."""
        kind = type(dialect)
        if kind in self._done:
            return
        self._done.add(kind)
        for name in ("do_commit", "do_rollback", "do_begin"):
            setattr(kind, name, self.timed(COMMIT, getattr(kind, name)))
        for name in ("do_execute", "do_executemany", "do_execute_no_params"):
            setattr(kind, name, self._counted(self.timed(DRIVER, getattr(kind, name))))

    def _counted(self, execute: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(execute)
        def run(dialect: Dialect, cursor: Any, statement: str, *rest: Any, **kwargs: Any) -> Any:
            began = time.perf_counter()
            try:
                return execute(dialect, cursor, statement, *rest, **kwargs)
            finally:
                held = self.statements.setdefault(_shape(statement), [0, 0.0])
                held[0] += 1
                held[1] += time.perf_counter() - began

        return run


def _shape(statement: str) -> str:
    """The statement as far as it tells it from others: its verb and table."""
    words = " ".join(statement.split())
    verb = words.split(" ", 1)[0]
    if verb == "SELECT":
        source = words.split(" FROM ", 1)
        return f"SELECT {source[1][:56] if len(source) > 1 else words[7:60]}"
    return words.split(" (", 1)[0][:60] + (" … on conflict" if "ON CONFLICT" in words else "")


def _replace(function: object, timed: object) -> None:
    """Every name under which the application's modules hold the function, and the handlers in their tables."""
    for module in [held for title, held in sys.modules.items() if title.startswith("backend.")]:
        for alias, value in list(vars(module).items()):
            if value is function:
                setattr(module, alias, timed)
            elif type(value) is dict:
                for held in value.values():
                    for name in getattr(type(held), "__slots__", ()):
                        _refill(getattr(held, name), function, timed)


def _refill(closed: Any, function: object, timed: object) -> None:
    """A handler made around the function calls the timed one from now on."""
    for cell in getattr(closed, "__closure__", None) or ():
        if cell.cell_contents is function:
            cell.cell_contents = timed


STAGES = Stages()
"""One a process: what is wrapped stays wrapped."""


class Inside:
    """The application in this process, pushed to and pulled from without a socket."""

    def __init__(self, data: Path, url: str) -> None:
        self.stages = STAGES
        environ = {**house.environment(data, url), "LOG_LEVEL": "WARNING"}
        self.app = create_app(Settings.from_env(environ))
        self.client = self.app.test_client()

    def watch(self) -> None:
        """Begin to time; in a process that has not begun, requests run bare."""
        gc.collect()
        gc.freeze()  # what the bench holds is no matter of the product's collector
        with self.app.app_context():
            self.stages.watch(db.engine.dialect)
        self.app.wsgi_app = self.stages.timed(REST, self.app.wsgi_app)  # type: ignore[method-assign]

    def send(self, method: str, path: str, body: bytes, headers: dict[str, str], token: str) -> bytes:
        """One request under /api/v1; its body. Raises where it is refused."""
        told = {**headers, "Authorization": f"Bearer {token}"}
        answer = self.client.open(f"/api/v1{path}", method=method, data=body, headers=told)
        if answer.status_code not in {200, 201}:
            raise SystemExit(f"{path}: {answer.status_code} {answer.get_data()[:500]!r}")
        return bytes(answer.get_data())

    def statements(self, units: int, requests: int) -> list[list[str]]:
        """The statements that take the driver longest: microseconds a unit, and how often a request runs them."""
        ordered = sorted(self.stages.statements.items(), key=lambda item: -item[1][1])[:12]
        body = [[name, f"{seconds / units * 1e6:,.1f} us", f"{count / requests:.1f}"] for name, (count, seconds) in ordered]
        return [["statement (in the driver)", "each", "a request"], *body]

    def rows(self, units: int, unit: str) -> list[list[str]]:
        """The table: microseconds a unit and share, the dearest first."""
        total = sum(self.stages.seconds.values())
        ordered = sorted(self.stages.seconds.items(), key=lambda item: -item[1])
        body = [
            [name, f"{seconds / units * 1e6:,.0f} us", f"{seconds / total:.0%}"] for name, seconds in ordered if seconds / total >= LEAST
        ]
        return [["stage (own time)", f"a {unit}", "share"], *body, ["all", f"{total / units * 1e6:,.0f} us", "100%"]]
