"""The server under measurement: its own data folder, its own port, one web process; gone when the bench is done.

Importing this module makes `backend` and `tests.make` importable wherever the bench is started from.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))
# A name for the folder of the benches' data, on the disk to be measured.
DISK = os.environ.get("BENCH_DIR") or None
# tests/make/postgres.py starts a server that forgets what it is told; here every commit must reach the disk as in production.
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "autovacuum": "on"}


@dataclass(slots=True)
class Server:
    """A running server: where it listens, where its data is, its web process and the file it logs to."""

    port: int
    folder: Path
    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def worker(self) -> int:
        """The process id of its one web worker (gunicorn's master only watches over it)."""
        master = self.process.pid
        return int(Path(f"/proc/{master}/task/{master}/children").read_text().split()[0])

    def cpu(self) -> float:
        """CPU seconds its web worker has used: what a busy machine disturbs least."""
        fields = Path(f"/proc/{self.worker()}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> tuple[int, int]:
        """PSS and RSS of the web worker, in MB: PSS counts pages shared with the master once."""
        found = {"Pss:": 0, "Rss:": 0}
        for line in Path(f"/proc/{self.worker()}/smaps_rollup").read_text().splitlines():
            name, *rest = line.split()
            if name in found:
                found[name] = int(rest[0]) // 1024
        return found["Pss:"], found["Rss:"]


@contextlib.contextmanager
def folder(name: str) -> Iterator[Path]:
    """A folder on the disk to be measured, which other accounts can enter (PostgreSQL does not run as root)."""
    path = Path(tempfile.mkdtemp(prefix=f"bench-{name}-", dir=DISK))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def environment(data: Path, url: str | None) -> dict[str, str]:
    """What a process of this server is started with: nothing of the caller's own settings."""
    ours = {"DATA_FOLDER", "DATABASE_URL", "BLOB_STORE", "SECRET_KEY", "PORT", "HOST", "WEB_WORKERS", "WEB_THREADS", "LOG_LEVEL"}
    clean = {name: value for name, value in os.environ.items() if name not in ours}
    return {**clean, "DATA_FOLDER": str(data), **({"DATABASE_URL": url} if url else {})}


def seed(data: Path, url: str | None = None) -> str:
    """Migrate and load the demo district; the database's URL. On SQLite a district made earlier in this run is copied."""
    data.mkdir(parents=True, exist_ok=True)
    made = data / "linping.sqlite3"
    if url is None and _Template.file is not None and _Template.file.exists():
        shutil.copyfile(_Template.file, made)
        return f"sqlite:///{made}"
    for command in (["database", "migrate"], ["demo", "seed"]):
        done = subprocess.run(
            [str(BIN / "flask"), "--app", "app", *command],
            cwd=ROOT,
            env=environment(data, url),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"flask {' '.join(command)} failed:\n{done.stderr[-3000:]}")
    if url is not None:
        return url
    (data / "jobs.sqlite3").unlink(missing_ok=True)
    _Template.keep(made)
    return f"sqlite:///{made}"


class _Template:
    """The seeded SQLite database of this run: seeding takes seconds, copying milliseconds."""

    file: Path | None = None
    holder: tempfile.TemporaryDirectory[str] | None = None

    @classmethod
    def keep(cls, made: Path) -> None:
        if Path(f"{made}-wal").exists():
            return  # a connection is still open: a copy would be half of it
        cls.holder = tempfile.TemporaryDirectory(prefix="bench-template-", dir=DISK)
        cls.file = Path(cls.holder.name) / "seeded.sqlite3"
        shutil.copyfile(made, cls.file)


@contextlib.contextmanager
def serving(data: Path, url: str, *, background: bool = False) -> Iterator[Server]:
    """One gunicorn process with one web worker on a free loopback port, as scripts/serve starts it; with `background` the worker too."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    log = data / "bench.log"
    web = [
        str(BIN / "gunicorn"),
        "app:app",
        "--bind",
        f"127.0.0.1:{port}",
        "--workers",
        "1",
        "--worker-class",
        "gthread",
        "--threads",
        "32",
    ]
    web += ["--keep-alive", "75", "--timeout", "120", "--no-control-socket", "--log-level", "warning"]
    commands = [web, *([[str(BIN / "flask"), "--app", "app", "worker"]] if background else [])]
    with log.open("wb") as said, contextlib.ExitStack() as stop:
        started = []
        for command in commands:
            process = subprocess.Popen(command, cwd=ROOT, env=environment(data, url), stdout=said, stderr=said)
            stop.callback(_end, process)
            started.append(process)
        server = Server(port, data, url, started[0], log)
        _await(server)
        yield server


def _await(server: Server) -> None:
    for _ in range(300):
        if server.process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/readyz", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise SystemExit(f"the server did not start:\n{server.log.read_text('utf-8')[-3000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def postgres(home: Path) -> Iterator[str]:
    """A PostgreSQL of its own whose commits wait for the disk; the libpq address without a database. Raises NoPostgres."""
    from tests.make import postgres as cluster  # noqa: PLC0415 - only where it is asked for

    try:
        address = cluster.start(home, os.getpid())
        with psycopg.connect(_dsn(address, "postgres"), autocommit=True) as admin:
            for name, value in DURABLE.items():
                admin.execute(f"ALTER SYSTEM SET {name} = {value}")
            admin.execute("SELECT pg_reload_conf()")
        time.sleep(0.2)  # the reload is a signal to the server's processes
        with psycopg.connect(_dsn(address, "postgres")) as admin:
            for name, value in DURABLE.items():
                held = admin.execute(f"SHOW {name}").fetchone()
                if held is None or held[0] != value:
                    raise SystemExit(f"PostgreSQL runs with {name} = {held}: its figures would not be honest")
        yield address
    finally:
        cluster.stop(home)


def create_database(address: str, name: str, *, like: str = "template0") -> str:
    """Make a database on that server; its SQLAlchemy URL."""
    with psycopg.connect(_dsn(address, "postgres"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {like}")
    return _dsn(address, name).replace("postgresql://", "postgresql+psycopg://", 1)


def postgres_version(address: str) -> str:
    """The server's version."""
    with psycopg.connect(_dsn(address, "postgres")) as admin:
        row = admin.execute("SHOW server_version").fetchone()
    return str(row[0]) if row else "unknown"


def _dsn(address: str, database: str) -> str:
    return address.replace("@/", f"@/{database}", 1)
