"""Databases for tests: built once a run by the migrations, handed to each test as its own copy.

Fixtures, each a URL of a database at head that nobody else sees:

* `sqlite_url`: a copied file, 0.1 ms;
* `postgres_url`: a copy of a template database, about 20 ms; the server is started by the first test that asks;
* `any_database_url`: the test runs twice, on SQLite and on PostgreSQL;
* `empty_sqlite_url`, `empty_postgres_url`, `any_empty_database_url`: the same before the first migration.

Where PostgreSQL cannot start the tests fail; only LINPING_TEST_WITHOUT_POSTGRES=1 leaves them out.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import alembic.command
import alembic.config
import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests.make import postgres

ROOT = Path(__file__).resolve().parents[2]
RUN = "LINPING_TEST_RUN"


def migrate(url: str, *, scripts: Path = ROOT / "migrations", revision: str = "head") -> None:
    """Upgrade the database to the revision."""
    alembic.command.upgrade(alembic_config(url, scripts=scripts), revision)


def alembic_config(url: str, *, scripts: Path = ROOT / "migrations") -> alembic.config.Config:
    """Alembic's configuration for this database, without an ini file."""
    config = alembic.config.Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def once(folder: Path, name: str, make: Callable[[], str]) -> str:
    """What `make` gives, made by whichever process of the run comes first; a failure is not tried again."""
    done, failed = folder / f"{name}.done", folder / f"{name}.failed"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if done.exists():
            return done.read_text()
        if failed.exists():
            raise RuntimeError(f"{name} failed before in this run: {failed.read_text()}")
        try:
            text = make()
        except Exception as error:
            failed.write_text(str(error))
            raise
        done.write_text(text)
        return text


class Databases:
    """The databases of one test run, as one of its processes sees them."""

    def __init__(self, run: Path, *, owner: int, worker: str = "main", scripts: Path = ROOT / "migrations") -> None:
        self.run, self.owner, self.worker, self.scripts = run, owner, worker, scripts
        self._numbers = count(1)

    def sqlite(self, path: Path) -> str:
        """Put a migrated SQLite database at `path`; its URL."""
        shutil.copyfile(once(self.run, "sqlite", self._sqlite_template), path)
        return f"sqlite:///{path}"

    @contextlib.contextmanager
    def postgres(self, *, empty: bool = False) -> Iterator[str]:
        """A PostgreSQL database that is dropped afterwards, with whatever is still connected to it."""
        template = "template0" if empty else once(self.run, "postgres", self._postgres_template)
        name = f"{self._prefix}{self.worker}_{next(self._numbers)}"
        # Copying files is quickest: with fsync off the checkpoint it takes costs nothing.
        self._maintain(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        try:
            yield self._url(name)
        finally:
            self._maintain(f'DROP DATABASE "{name}" WITH (FORCE)')

    def close(self) -> None:
        """Leave nothing behind: called once, by the process that began the run."""
        if "TEST_DATABASE_URL" in os.environ:
            if (self.run / "postgres.lock").exists():
                for (name,) in self._maintain("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", self._prefix):
                    self._maintain(f'DROP DATABASE "{name}" WITH (FORCE)')
        else:
            postgres.stop(self.run)
        shutil.rmtree(self.run, ignore_errors=True)

    @property
    def _prefix(self) -> str:
        return f"{self.run.name.replace('-', '_').lower()}_"

    def _sqlite_template(self) -> str:
        path = self.run / "template.sqlite3"
        migrate(f"sqlite:///{path}", scripts=self.scripts)
        # A write-ahead log left behind would hold part of what is copied.
        if left := [str(other) for other in self.run.glob("template.sqlite3-*")]:
            raise RuntimeError(f"a connection to the template is still open: {left}")
        return str(path)

    def _postgres_template(self) -> str:
        name = f"{self._prefix}template"
        self._maintain(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8'")
        migrate(self._url(name), scripts=self.scripts)
        return name

    def _server(self) -> str:
        if given := os.environ.get("TEST_DATABASE_URL"):
            return given
        return once(self.run, "server", lambda: postgres.start(self.run, self.owner))

    def _url(self, name: str) -> str:
        return make_url(self._server()).set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)

    def _maintain(self, statement: str, *values: str) -> list[tuple[str, ...]]:
        address = make_url(self._server()).set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True) as connection:
            cursor = connection.execute(statement.encode(), values or None)
            return cursor.fetchall() if cursor.description else []


def pytest_configure(config: pytest.Config) -> None:
    """The process that begins the run makes its folder; xdist's workers find it in their environment."""
    if hasattr(config, "workerinput"):
        return
    folder = Path(tempfile.mkdtemp(prefix="linping-test-"))
    folder.chmod(0o755)  # the server's account must get through, its own folder is closed
    config.stash[_BEGUN] = folder
    os.environ[RUN] = f"{os.getpid()}:{folder}"


def pytest_unconfigure(config: pytest.Config) -> None:
    """The same process clears it away."""
    if folder := config.stash.get(_BEGUN, None):
        Databases(folder, owner=os.getpid()).close()
        del os.environ[RUN]


_BEGUN = pytest.StashKey[Path]()


@pytest.fixture(scope="session")
def databases(worker_id: str) -> Databases:
    """The databases of this run."""
    owner, folder = os.environ[RUN].split(":", 1)
    return Databases(Path(folder), owner=int(owner), worker=worker_id)


@pytest.fixture
def sqlite_url(databases: Databases, tmp_path: Path) -> str:
    """A migrated SQLite database of this test's own."""
    return databases.sqlite(tmp_path / "linping.sqlite3")


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    """An SQLite database before the first migration."""
    return f"sqlite:///{tmp_path / 'empty.sqlite3'}"


@pytest.fixture
def postgres_url(databases: Databases) -> Iterator[str]:
    """A migrated PostgreSQL database of this test's own."""
    _or_leave_out()
    with databases.postgres() as url:
        yield url


@pytest.fixture
def empty_postgres_url(databases: Databases) -> Iterator[str]:
    """A PostgreSQL database before the first migration."""
    _or_leave_out()
    with databases.postgres(empty=True) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def any_database_url(request: pytest.FixtureRequest) -> str:
    """A migrated database of this test's own: the test runs on SQLite and on PostgreSQL."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(params=["sqlite", "postgres"])
def any_empty_database_url(request: pytest.FixtureRequest) -> str:
    """A database before the first migration: the test runs on SQLite and on PostgreSQL."""
    return str(request.getfixturevalue(f"empty_{request.param}_url"))


def _or_leave_out() -> None:
    if os.environ.get("LINPING_TEST_WITHOUT_POSTGRES") == "1":
        pytest.skip("PostgreSQL left out by LINPING_TEST_WITHOUT_POSTGRES=1")
