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
    """A running server: where it listens, where its data is, gunicorn's master process and the file it logs to."""

    port: int
    folder: Path
    url: str
    process: subprocess.Popen[bytes]
    log: Path
    background: subprocess.Popen[bytes] | None = None

    def workers(self) -> list[int]:
        """The process ids of its web workers (gunicorn's master only watches over them)."""
        master = self.process.pid
        return [int(each) for each in Path(f"/proc/{master}/task/{master}/children").read_text().split()]

    def cpu(self) -> float:
        """CPU seconds its web workers have used: what a busy machine disturbs least."""
        return sum(cpu_of(pid) for pid in self.workers())

    def memory(self) -> tuple[int, int]:
        """PSS and RSS of its largest web worker, in MB: PSS counts pages shared with the master once."""
        return max(memory_of(pid) for pid in self.workers())


def cpu_of(pid: int) -> float:
    """CPU seconds this process has used, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_of(pid: int) -> tuple[int, int]:
    """PSS and RSS of this process, in MB."""
    found = {"Pss:": 0, "Rss:": 0}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, *rest = line.split()
        if name in found:
            found[name] = int(rest[0]) // 1024
    return found["Pss:"], found["Rss:"]


def postgres_cpu(home: Path) -> float:
    """CPU seconds of all processes of the PostgreSQL under this folder, those that ended among them."""
    seconds = 0.0
    for pid_file in home.glob("postgres-*/data/postmaster.pid"):
        master = int(pid_file.read_text().split()[0])
        fields = Path(f"/proc/{master}/stat").read_text().rsplit(")", 1)[1].split()
        seconds += sum(int(each) for each in fields[11:15]) / os.sysconf("SC_CLK_TCK")  # its own and its dead children's
        for child in Path(f"/proc/{master}/task/{master}/children").read_text().split():
            with contextlib.suppress(FileNotFoundError):
                seconds += cpu_of(int(child))
    return seconds


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
    # As scripts/serve has it: one heap a thread would keep what each once needed.
    return {"MALLOC_ARENA_MAX": "2", **clean, "DATA_FOLDER": str(data), **({"DATABASE_URL": url} if url else {})}


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
def serving(data: Path, url: str, *, workers: int = 1, threads: int = 32, background: bool = False) -> Iterator[Server]:
    """Gunicorn with one web worker on a free loopback port, as scripts/serve starts it, or several; `background`: the worker too."""
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
        str(workers),
        "--worker-class",
        "gthread",
        "--threads",
        str(threads),
    ]
    web += ["--keep-alive", "75", "--timeout", "120", "--no-control-socket", "--log-level", "warning"]
    commands = [web, *([[str(BIN / "flask"), "--app", "app", "worker"]] if background else [])]
    with log.open("wb") as said, contextlib.ExitStack() as stop:
        started = []
        for command in commands:
            process = subprocess.Popen(command, cwd=ROOT, env=environment(data, url), stdout=said, stderr=said)
            stop.callback(_end, process)
            started.append(process)
        server = Server(port, data, url, started[0], log, started[1] if background else None)
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
def durable_postgres(home: Path) -> Iterator[str]:
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


def databases(stack: contextlib.ExitStack, name: str, *, postgres: bool = True, only: str | None = None) -> Iterator[tuple[str, Path, str]]:
    """A seeded database of each kind for the length of the stack: what it is called, a folder of its own, its URL. Data is in `data`."""
    root = stack.enter_context(folder(name))
    if only in {None, "sqlite"}:
        (root / "lite").mkdir()
        yield "SQLite", root / "lite", seed(root / "lite" / "data")
    if not postgres or only == "sqlite":
        return
    home = root / "post"
    home.mkdir(mode=0o755)
    try:
        address = stack.enter_context(durable_postgres(home))
    except RuntimeError as error:
        print(f"  PostgreSQL left out: {error}", flush=True)
        return
    url = create_database(address, "bench")
    seed(home / "data", url)
    print(f"  PostgreSQL {postgres_version(address)}, fsync and synchronous_commit on", flush=True)
    yield "PostgreSQL", home, url


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
