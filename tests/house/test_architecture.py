"""The import contracts of pyproject.toml hold, and each of them really catches what it forbids."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
CONTRACTS = {contract["id"]: contract["name"] for contract in PYPROJECT["tool"]["importlinter"]["contracts"]}
ROLES = ("rules", "model", "queries", "actions", "schemas", "api", "outside")

# One violation of each contract: the file it is planted in, the import, and the module that comes to be imported.
PLANTS = {
    "floors": ("core/journal.py", "from backend.domains.identity import rules"),
    "wiring": ("entrypoints/api.py", "from backend import create_app"),
    "levels": ("domains/territory/queries.py", "from backend.domains.catalog import queries"),
    "roles": ("domains/findings/queries.py", "from backend.domains.findings import actions"),
    "acyclic": ("core/config.py", "from backend.core import observability"),
    "rules": ("domains/findings/rules.py", "import sqlalchemy"),
    "purity": ("domains/catalog/rules.py", "import random"),
    "model": ("domains/findings/model.py", "import marshmallow"),
    "own-model": ("domains/findings/model.py", "from backend.domains.identity import model"),
    "queries": ("domains/findings/queries.py", "from backend.domains.identity import actions"),
    "actions": ("domains/findings/actions.py", "from backend.core import perform"),
    "schemas": ("domains/findings/schemas.py", "from backend.domains.identity import queries"),
    "outside": ("domains/findings/outside.py", "from backend.domains.identity import model"),
    "own-schemas": ("domains/findings/schemas.py", "from backend.domains.identity import schemas"),
    "own-api": ("domains/findings/api.py", "from backend.domains.identity import api"),
    "own-outside": ("domains/findings/outside.py", "from backend.domains.identity import outside"),
}
# What an honest house does, so that a contract that forbids too much is found as well.
HONEST = {
    "core/observability.py": "from backend.core import config",
    "core/perform.py": "import sqlalchemy\nfrom backend.core import act",
    "domains/identity/rules.py": "import datetime\nfrom backend.core import act, problems",
    "domains/findings/rules.py": "import numpy\nimport shapely\nfrom backend.domains.identity import rules",
    "domains/findings/model.py": "import sqlalchemy.orm\nfrom backend.core import database\nfrom backend.domains.findings import rules",
    "domains/findings/queries.py": "from backend.domains.identity import queries, model\nfrom backend.domains.findings import model as own",
    "domains/findings/actions.py": "from backend.domains.findings import queries\nfrom backend.domains.identity import actions",
    "domains/findings/schemas.py": "import marshmallow\nfrom backend.core import http\nfrom backend.domains.findings import rules",
    "domains/findings/outside.py": "import PIL\nimport pathlib\nfrom backend.domains.findings import rules",
    "domains/findings/api.py": "import flask\nfrom backend.core import http, perform\nfrom backend.domains.findings import actions",
    "entrypoints/api.py": "from backend.domains.findings import api",
}


def skeleton(tmp_path: Path) -> Path:
    """The names of our own modules with nothing in them, and four domains with a file for each role."""
    house = tmp_path / "backend"
    core = [path.relative_to(ROOT / "backend") for path in (ROOT / "backend" / "core").rglob("*.py")]
    domains = [Path("domains", name, f"{role}.py") for name in ("findings", "catalog", "territory", "identity") for role in ROLES]
    for path in [*core, *domains, Path("entrypoints/api.py"), *map(Path, HONEST)]:
        file = house / path
        if file.with_suffix("").is_dir():
            file = file.with_suffix("") / "__init__.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    for folder in [house, *(path for path in house.rglob("*") if path.is_dir())]:
        (folder / "__init__.py").touch()
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    for path, imports in HONEST.items():
        plant(house, path, imports)
    return house


def plant(house: Path, path: str, line: str) -> None:
    file = house / path
    if not file.exists():
        file = file.with_suffix("") / "__init__.py"
    file.write_text(f"{file.read_text()}{line}\n")


def lint(folder: Path) -> tuple[int, str]:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()", "--no-cache", "--no-logo"]
    done = subprocess.run(
        command, cwd=folder, env={"COLUMNS": "400", "PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def of_contract(output: str, name: str) -> str:
    """What the linter says about one broken contract: the part below its underlined name."""
    headings = "|".join(re.escape(name) for name in CONTRACTS.values())
    parts = re.split(rf"^({headings})\n-+$", output, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True)).get(name, "")


def imported(line: str) -> str:
    """The module that a planted line brings in."""
    found = re.fullmatch(r"from (\S+) import (\S+)|import (\S+)", line)
    package, name, plain = found.groups()
    return plain or ("backend" if name == "create_app" else f"{package}.{name}")


def test_every_contract_has_a_planted_violation():
    assert set(PLANTS) == set(CONTRACTS)


def test_an_honest_house_keeps_all_contracts(tmp_path):
    skeleton(tmp_path)
    code, output = lint(tmp_path)
    assert code == 0, output
    assert f"{len(CONTRACTS)} kept, 0 broken" in output


@pytest.fixture(scope="module")
def violated(tmp_path_factory) -> str:
    """What the linter says about a house with all violations at once: one run instead of one for each."""
    folder = tmp_path_factory.mktemp("violated")
    house = skeleton(folder)
    for path, line in PLANTS.values():
        plant(house, path, line)
    code, output = lint(folder)
    assert code == 1, output
    return output


@pytest.mark.parametrize("contract", sorted(PLANTS))
def test_a_planted_violation_breaks_its_contract(contract, violated):
    path, line = PLANTS[contract]
    said = of_contract(violated, CONTRACTS[contract])
    if contract == "acyclic":  # names the two siblings by their last part
        assert ".config -> .observability" in said or ".observability -> .config" in said, violated
    else:
        importer = "backend." + path.removesuffix(".py").replace("/", ".")
        assert f"{importer} -> {imported(line)} " in said, violated


@pytest.mark.parametrize("stray", ["domains/weather/__init__.py", "domains/findings/helpers.py", "services/__init__.py"])
def test_a_module_without_a_place_is_refused(stray, tmp_path):
    house = skeleton(tmp_path)
    (house / stray).parent.mkdir(exist_ok=True)
    (house / stray).touch()
    code, output = lint(tmp_path)
    assert code == 1
    assert f"backend.{stray.removesuffix('.py').removesuffix('/__init__').replace('/', '.')}" in output


def strangers(graph: grimp.ImportGraph) -> list[str]:
    """Imports by which an api writes into another domain or borrows its shapes; reading below and sending its bytes is fine."""
    found = []
    for module in sorted(graph.modules):
        parts = module.split(".")
        if parts[:2] != ["backend", "domains"] or parts[3:4] != ["api"]:
            continue
        for target in sorted(graph.find_modules_directly_imported_by(module)):
            other = target.split(".")
            if other[:2] == ["backend", "domains"] and other[2:3] != parts[2:3] and other[3:4] in (["actions"], ["schemas"], ["model"]):
                found.append(f"{module} -> {target}")
    return found


def test_an_api_writes_only_through_its_own_domain():
    assert strangers(grimp.build_graph("backend", cache_dir=None)) == []


def test_an_api_that_writes_into_another_domain_is_found():
    graph = grimp.ImportGraph()
    for target in ("findings.actions", "identity.rules", "identity.queries", "identity.actions"):
        graph.add_import(importer="backend.domains.findings.api.desk", imported=f"backend.domains.{target}")
    assert strangers(graph) == ["backend.domains.findings.api.desk -> backend.domains.identity.actions"]


def test_every_folder_of_the_backend_is_a_package_the_linter_sees():
    folders = {path.parent for path in (ROOT / "backend").rglob("*.py")}
    assert [str(folder.relative_to(ROOT)) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def test_a_package_file_holds_only_its_docstring():
    told = []
    for path in sorted((ROOT / "backend").glob("*/**/__init__.py")):
        if path.parts[len(ROOT.parts) + 1] == "entrypoints":
            continue  # a door is registered by its package
        if path.parent.name == "api":
            continue  # gathers the blueprints of its files
        body = ast.parse(path.read_text("utf-8")).body
        if len(body) != 1 or not (isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)):
            told.append(str(path.relative_to(ROOT)))
    assert told == []


def endings(source: str) -> list[int]:
    """The lines that end a transaction."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute))
    return [call.lineno for call in calls if call.func.attr in {"commit", "rollback"}]


def test_nothing_but_perform_commits_or_rolls_back():
    files = [path for path in sorted((ROOT / "backend").rglob("*.py")) if "core/perform" not in path.as_posix()]
    assert [f"{path.relative_to(ROOT)}:{line}" for path in files for line in endings(path.read_text("utf-8"))] == []
    assert endings("session.add(row)\ndb.session.commit()") == [2]
