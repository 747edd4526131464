"""The server that foreign clients meet, an account on it, and what it says of what arrived."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx

from backend.domains.evidence.outside.stores import open_store
from backend.domains.evidence.rules.photos import original_key

ROOT = Path(__file__).resolve().parents[2]
LOGIN, PASSWORD = "lin", "linping-demo"
_OURS = {"DATA_FOLDER", "DATABASE_URL", "BLOB_STORE", "SECRET_KEY", "PORT", "HOST", "WEB_WORKERS", "WEB_THREADS", "LOG_LEVEL"}
_START_S = 180.0
_ASKED = 500  # hashes a question


@dataclass(frozen=True, slots=True)
class Account:
    """A person with a store of their own on the server."""

    login: str
    token: str
    replica: str
    credential: str


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The demo district as scripts/serve serves it, with its data in this folder; its URL. Raises RuntimeError where it does not start."""
    folder.mkdir(parents=True, exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    environ = {name: value for name, value in os.environ.items() if name not in _OURS}
    environ |= {"DATA_FOLDER": str(folder), "PORT": str(port), "LOG_LEVEL": "WARNING"}
    log = folder / "serve.log"
    with log.open("wb") as said:
        process = subprocess.Popen([ROOT / "scripts" / "serve"], cwd=ROOT, env=environ, stdout=said, stderr=said, start_new_session=True)
    try:
        _await(url, process, log)
        yield url
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{url}/readyz", timeout=2).is_success:
                return
        time.sleep(0.1)
    raise RuntimeError(f"the server did not start:\n{log.read_text('utf-8', 'replace')[-3000:]}")


def enrol(url: str, login: str = LOGIN) -> Account:
    """Sign in and register a fresh store."""
    with httpx.Client(base_url=f"{url}/api/v1", timeout=60) as http:
        session = http.post("/sessions", json={"login": login, "password": PASSWORD}).raise_for_status().json()
        bearer = {"Authorization": f"Bearer {session['access_token']}"}
        store = {"install_id": str(uuid4()), "platform": "foreign clients", "app_version": "1", "schema": 1}
        registered = http.post("/replicas", json=store, headers=bearer).raise_for_status().json()
    return Account(login, session["access_token"], registered["replica"], registered["credential"])


def stored(url: str, account: Account, hashes: Sequence[str]) -> int:
    """How many of these the server calls stored."""
    count = 0
    with httpx.Client(base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {account.credential}"}, timeout=60) as http:
        for start in range(0, len(hashes), _ASKED):
            states = http.post("/blobs/status", json={"sha256": list(hashes[start : start + _ASKED])}).raise_for_status().json()
            count += sum(state["state"] == "stored" for state in states.values())
    return count


def readable(folder: Path, hashes: Sequence[str]) -> int:
    """How many of these the server's own store gives back as bytes of that very hash. `folder` is the server's DATA_FOLDER."""
    store = open_store(str(folder / "blobs"), folder)
    count = 0
    for sha256 in hashes:
        with contextlib.suppress(FileNotFoundError), store.open(original_key(sha256)) as file:
            count += hashlib.sha256(file.read()).hexdigest() == sha256
    return count
