"""Node, and the foreign clients that are written for it: installed once into a temporary folder from the committed lock."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
_INSTALL_S = 300


class NoNode(RuntimeError):
    """Node or npm is missing, or the packages cannot be had."""


def installed() -> Path:
    """The folder with `node_modules`; FOREIGN_NODE names another than the temporary one. Raises NoNode."""
    if not shutil.which("node") or not shutil.which("npm"):
        raise NoNode("node and npm are not installed")
    lock = HERE / "package-lock.json"
    mark = hashlib.sha256(lock.read_bytes()).hexdigest()[:12]
    home = Path(os.environ.get("FOREIGN_NODE") or Path(tempfile.gettempdir()) / f"linping-foreign-clients-{os.getuid()}-{mark}")
    home.mkdir(parents=True, exist_ok=True)
    with (home / "install.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not (home / "installed").exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copyfile(HERE / name, home / name)
            run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], home, seconds=_INSTALL_S)
            (home / "installed").touch()
    return home


def run(command: list[str], home: Path, *, seconds: float) -> str:
    """What the command prints. Raises NoNode with what it said where it fails."""
    try:
        done = subprocess.run(command, cwd=home, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired as error:
        raise NoNode(f"{' '.join(command[:2])} did not end within {seconds:g} s") from error
    if done.returncode:
        raise NoNode(f"{' '.join(command[:2])} ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-1500:]}")
    return done.stdout
