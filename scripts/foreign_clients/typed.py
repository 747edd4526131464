"""Typed clients made from the OpenAPI document: no warning of the generator, strict compilation, and a day's work with them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.foreign_clients import node
from scripts.foreign_clients.ground import LOGIN, PASSWORD, ROOT
from scripts.foreign_clients.pictures import draw

HERE = Path(__file__).parent
DOCUMENT = ROOT / "openapi" / "openapi.yaml"
PACKAGE = "linping_client"
_STEP_S = 300


class Unfit(RuntimeError):
    """A generator warned, a compiler refused, or the driver met what the document does not say."""


def python(url: str, folder: Path, *, document: Path = DOCUMENT) -> str:
    """Generate with openapi-python-client, check with mypy --strict, drive. What the driver told. Raises Unfit."""
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / PACKAGE
    generator = Path(sys.executable).parent / "openapi-python-client"
    config = HERE / "openapi_python_client.yaml"
    generate = [generator, "generate", "--path", document, "--output-path", out, "--meta", "none", "--overwrite", "--config", config]
    said = _run([*map(str, generate), "--fail-on-warning"], folder)
    if "warning" in said.lower():
        raise Unfit(f"openapi-python-client warns:\n{said[-3000:]}")
    driver = shutil.copyfile(HERE / "drive_typed.py", folder / "drive_typed.py")
    settings = folder / "mypy.ini"
    clashing = [path.stem for path in sorted((out / "models").glob("*.py")) if "\n    d: " in path.read_text("utf-8")]
    settings.write_text(_MYPY.format(modules=",".join(f"{PACKAGE}.models.{name}" for name in clashing)), "utf-8")
    _run([sys.executable, "-m", "mypy", "--config-file", str(settings), "--no-error-summary", str(driver), str(out)], folder)
    return _run([sys.executable, str(driver), url, LOGIN, PASSWORD, str(_photo(folder))], folder).strip()


_MYPY = """[mypy]
strict = true
cache_dir = .mypy_cache

# openapi-python-client keeps what it reads in a local variable `d`, which is also the name of a field on our wire: its from_dict of
# these models cannot be typed. Clients make them and send them; they never read one.
[mypy-{modules}]
disable_error_code = assignment, arg-type
"""


def typescript(url: str, folder: Path, *, document: Path = DOCUMENT) -> str:
    """Generate with openapi-typescript, compile with tsc --strict, drive with openapi-fetch. What the driver told. Raises Unfit, NoNode."""
    home = node.installed()
    folder.mkdir(parents=True, exist_ok=True)
    modules = folder / "node_modules"
    if not modules.exists():
        modules.symlink_to(home / "node_modules")
    (folder / "package.json").write_text('{"type": "module"}\n', "utf-8")
    shutil.copyfile(HERE / "drive.ts", folder / "drive.ts")
    tools = modules / ".bin"
    # A default says what the server takes for a field left out; it does not make the field one that must be sent.
    said = _run([str(tools / "openapi-typescript"), str(document), "--output", "api.d.ts", "--default-non-nullable=false"], folder)
    if "warn" in said.lower():
        raise Unfit(f"openapi-typescript warns:\n{said[-3000:]}")
    strict = ["--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes"]
    target = ["--target", "es2022", "--module", "nodenext", "--moduleResolution", "nodenext", "--types", "node"]
    _run([str(tools / "tsc"), *strict, *target, "drive.ts"], folder)
    return _run(["node", "drive.js", url, LOGIN, PASSWORD, str(_photo(folder))], folder).strip()


def _photo(folder: Path) -> Path:
    return next(draw(folder / "photo", 1, seed=os.getpid())).path


def _run(command: list[str], folder: Path) -> str:
    """What it printed on both channels. Raises Unfit."""
    environ = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "MYPYPATH", "NODE_OPTIONS"}}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_STEP_S, check=False, env=environ)
    if done.returncode:
        raise Unfit(f"{Path(command[0]).name} ended with {done.returncode}:\n{(done.stdout + done.stderr).strip()[-3000:]}")
    return done.stdout + done.stderr
