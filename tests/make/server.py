"""The real server for tests: gunicorn on a free port, its worker if wanted, killed and started again as a test likes.

    with Server(url, folder) as server:                  # a seeded, migrated database: see tests.make.district
        phone = Phone(folder / "phone", server.url)
        server.worker_once()                             # everything that is due, now
        server.die_at("in_operation", 3)                 # tests.make.dying says which points there are
        …
        if server.is_dead(): server.start()              # on the same port, from what is on disk

`seeded_server(databases, kind, folder)` is the whole of it on a copy of the seeded test district, without pytest too.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any, Self

import pytest

from tests.make import postgres
from tests.make.databases import ROOT, Databases
from tests.make.district import seeded

_START_S = 30.0


class Server:
    """One server on one database and one data folder. `workers` and `threads` are gunicorn's; `worker` starts `flask worker` as well."""

    def __init__(
        self,
        database_url: str,
        folder: Path,
        *,
        workers: int = 1,
        threads: int = 8,
        worker: bool = False,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.database_url, self.folder = database_url, folder
        self._workers, self._threads, self._with_worker = workers, threads, worker
        folder.mkdir(parents=True, exist_ok=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._environ = {
            **os.environ,
            "DATA_FOLDER": str(folder),
            "DATABASE_URL": database_url,
            "BLOB_STORE": str(folder / "blobs"),
            "SECRET_KEY": "for-tests-only-not-secret",
            "DYING_FOLDER": str(folder),
            "LOG_LEVEL": "WARNING",
            "PYTHONWARNINGS": "",
            **(environ or {}),
        }
        if database_url.startswith("postgresql"):  # pg_dump must be of the server's version
            self._environ["PATH"] = f"{self._postgres_programs()}:{os.environ['PATH']}"
        self._web: subprocess.Popen[bytes] | None = None
        self._worker: subprocess.Popen[bytes] | None = None
        self._orders = count(1)
        self.starts = 0

    # Its life.

    def start(self) -> Self:
        """Start what is not running, and wait until it answers."""
        self.starts += 1
        if self._web is None or self._web.poll() is not None:
            self._web = self._process(
                "-m", "gunicorn", "-k", "gthread", "-w", str(self._workers), "--threads", str(self._threads),
                "-b", f"127.0.0.1:{self.port}", "--no-control-socket", "--keep-alive", "75", "--graceful-timeout", "5",
                "--log-level", "warning", "tests.make.dying_app:app",
            )  # fmt: skip
        if self._with_worker and (self._worker is None or self._worker.poll() is not None):
            self._worker = self._process("-m", "flask", "--app", "tests.make.dying_app", "worker", FLASK_RUN_FROM_CLI="true")
        self._wait_until_ready()
        return self

    def stop(self) -> None:
        """End it as an operator does."""
        for process in (self._web, self._worker):
            if process is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM)
        for process in (self._web, self._worker):
            if process is not None:
                try:
                    process.wait(15)
                except subprocess.TimeoutExpired:
                    self._kill(process)
        self._web = self._worker = None

    def kill(self) -> None:
        """End it as the power does."""
        for process in (self._web, self._worker):
            if process is not None:
                self._kill(process)

    def is_dead(self) -> bool:
        """Whether one of its processes is gone."""
        return any(process is not None and process.poll() is not None for process in (self._web, self._worker))

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # What a test does to it.

    def die_at(self, point: str, passes: int = 1) -> None:
        """Have it die of SIGKILL when it passes this point of `tests.make.dying_app` for the n-th time from now."""
        fresh = self.folder / "die-at.fresh"
        fresh.write_text(f"{point} {next(self._orders)} {passes}")
        fresh.rename(self.folder / "die-at")

    def spare(self) -> bool:
        """Disarm; whether it was still armed."""
        armed = (self.folder / "die-at").exists()
        (self.folder / "die-at").unlink(missing_ok=True)
        return armed

    def died_of(self, *, within_s: float = 1.0) -> str | None:
        """The point at which it died since this was asked last; the last process may take a moment to be gone."""
        order = self.folder / "died-at"
        if not order.exists():
            return None
        until = time.monotonic() + within_s
        while not self.is_dead() and time.monotonic() < until:
            time.sleep(0.01)
        point = order.read_text("ascii").split()[0]
        order.unlink()
        return point

    def flask(self, *arguments: str, check: bool = True, dying: bool = False) -> subprocess.CompletedProcess[str]:
        """`flask --app app …` as an operator calls it, on this server's database; `dying`: it may die at an armed point."""
        answer = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "tests.make.dying_app" if dying else "app", *arguments],
            cwd=ROOT,
            env=self._environ,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            start_new_session=True,
        )
        if check and answer.returncode:
            raise AssertionError(f"flask {' '.join(arguments)} ended with {answer.returncode}:\n{answer.stdout}\n{answer.stderr}")
        return answer

    def worker_once(self, *, dying: bool = False) -> subprocess.CompletedProcess[str]:
        """Everything that is due now, in a process of its own."""
        return self.flask("worker", "--once", check=not dying, dying=dying)

    def log(self) -> str:
        """What it wrote."""
        path = self.folder / "server.log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def _process(self, *arguments: str, **environ: str) -> subprocess.Popen[bytes]:
        with (self.folder / "server.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env={**self._environ, **environ},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _postgres_programs(self) -> Path:
        """A folder with the client programs of the PostgreSQL under test, and nothing else of its folder."""
        programs = self.folder / "programs"
        programs.mkdir(exist_ok=True)
        for name in ("pg_dump", "pg_restore", "psql"):
            if not (programs / name).is_symlink():
                (programs / name).symlink_to(postgres._candidates()[0] / name)
        return programs

    def _kill(self, process: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + _START_S
        while time.monotonic() < until:
            if self.is_dead():
                raise AssertionError(f"the server ended at its start:\n{self.log()[-4000:]}")
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                answer.read()
                return
            time.sleep(0.02)
        raise AssertionError(f"no answer within {_START_S:g} s:\n{self.log()[-4000:]}")


@contextlib.contextmanager
def seeded_database(databases: Databases, kind: str, folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """A copy of the seeded test district (`sqlite` or `postgres`) of one's own: its URL and what is in it."""
    template, made = seeded(databases, kind)
    if kind == "sqlite":
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(template, folder / "linping.sqlite3")
        yield f"sqlite:///{folder / 'linping.sqlite3'}", made
        return
    name = f"{databases._prefix}{databases.worker}_s{next(databases._numbers)}"
    databases._maintain(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
    try:
        yield databases._url(name), made
    finally:
        databases._maintain(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextlib.contextmanager
def seeded_server(databases: Databases, kind: str, folder: Path, **how: Any) -> Iterator[Server]:
    """The server on a copy of the seeded test district."""
    with seeded_database(databases, kind, folder) as (url, _), Server(url, folder, **how) as server:
        yield server


@pytest.fixture
def server(databases: Databases, tmp_path: Path) -> Iterator[Server]:
    """The server on the seeded test district, on SQLite."""
    with seeded_server(databases, "sqlite", tmp_path / "server") as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def any_server(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path) -> Iterator[Server]:
    """The same; the test runs on SQLite and on PostgreSQL."""
    if request.param == "postgres":
        request.getfixturevalue("postgres_wanted")
    with seeded_server(databases, request.param, tmp_path / "server") as server:
        yield server
