"""The repository can be set up anywhere: no address of a registry, no path of one machine, locks that say what pyproject.toml says."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
RUN = PYPROJECT["project"]["dependencies"]
LISTS = {"requirements.txt": RUN, "requirements-dev.txt": RUN + PYPROJECT["dependency-groups"]["dev"]}

# Spelt so that this file does not hold them itself.
REGISTRIES = [host.replace(" ", ".") for host in ("pypi org", "pythonhosted org", "npmjs org", "npmjs com", "yarnpkg com", "npmmirror com")]
FOLDERS = [name[::-1] for name in ("krow", "toor", "emoh", "sresU")]
MACHINE = re.compile(r"(?<![\w.~})\]>/*-])/(?:" + "|".join(FOLDERS) + r")/[\w.]")


@cache
def sources() -> dict[str, str]:
    """The repository's own text files; outside a checkout everything that is not made."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode == 0:
        paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:
        made = re.compile(r"^(\.venv|var|node_modules|\.\w+_cache|\.hypothesis)(/|$)|__pycache__")
        paths = [path for path in ROOT.rglob("*") if not made.search(path.relative_to(ROOT).as_posix())]
    texts = {}
    for path in paths:
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            if b"\0" not in content[:8192]:
                texts[path.relative_to(ROOT).as_posix()] = content.decode("utf-8", "replace")
    return texts


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in sources().items()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def pins(name: str) -> dict[str, list[tuple[Version, Marker | None, list[str]]]]:
    """The pins of a lock file: package → (version, for which Python or platform, who asked for it)."""
    found: dict[str, list[tuple[Version, Marker | None, list[str]]]] = {}
    text = (ROOT / name).read_text("utf-8").replace(" \\\n", " ")
    for block in re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]:
        requirement = Requirement(re.sub(r"\s+(--hash|#).*", "", block, flags=re.DOTALL))
        (pin,) = requirement.specifier
        asked = re.findall(r"^ +# +(?:via )?([\w.-].*)$", block, flags=re.MULTILINE)
        found.setdefault(canonicalize_name(requirement.name), []).append((Version(pin.version), requirement.marker, asked))
    return found


def test_no_file_names_a_registry():
    assert "pyproject.toml" in sources()
    assert lines_with(re.compile("|".join(map(re.escape, REGISTRIES)))) == []


def test_no_file_names_a_path_of_one_machine():
    assert lines_with(MACHINE) == []


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("text", ["see /{}/main", "='/{}/.cache'", "cd /{}/lin"])
def test_such_a_path_would_be_seen(text, folder):
    assert MACHINE.search(text.format(folder))


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("text", ["tests/{}/day", "$base/{}/x", "https://example.test/{}/x"])
def test_an_ordinary_path_is_none(text, folder):
    assert not MACHINE.search(text.format(folder))


@pytest.mark.parametrize("name", LISTS)
def test_the_lock_pins_every_dependency_as_asked(name):
    pinned = pins(name)
    for text in LISTS[name]:
        asked = Requirement(text)
        versions = pinned.get(canonicalize_name(asked.name), [])
        assert versions, f"{asked.name} is not in {name}: run scripts/lock"
        for version, _, _ in versions:
            assert version in asked.specifier, (
                f"{name} pins {asked.name} {version}, pyproject.toml asks {asked.specifier}: run scripts/lock"
            )


@pytest.mark.parametrize("name", LISTS)
def test_the_lock_holds_nothing_that_is_no_longer_asked_for(name):
    asked = {canonicalize_name(Requirement(text).name) for text in LISTS[name]}
    direct = {package for package, found in pins(name).items() for _, _, why in found if any(who.startswith("linping ") for who in why)}
    assert direct == asked, "run scripts/lock"


def test_both_locks_agree_so_that_the_tests_try_what_is_served():
    run, dev = pins("requirements.txt"), pins("requirements-dev.txt")
    differing = {
        package
        for package, found in run.items()
        if {version for version, _, _ in found} != {version for version, _, _ in dev.get(package, [])}
    }
    assert differing == set()


@pytest.mark.parametrize("name", LISTS)
def test_the_lock_has_hashes_and_no_address(name):
    text = (ROOT / name).read_text("utf-8")
    assert "://" not in text
    assert not re.search(r"^-", text, flags=re.MULTILINE), "an option such as an index would travel with the lock"
    for block in re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]:
        assert "--hash=sha256:" in block, block.splitlines()[0]


def test_what_is_run_by_hand_has_its_run_bit_and_names_its_interpreter():
    found = [path for path in [*(ROOT / "scripts").iterdir(), ROOT / ".ci" / "run"] if path.is_file() and not path.suffix]
    assert {path.name for path in found} >= {"setup", "test", "lock", "run"}
    for path in found:
        assert os.access(path, os.X_OK), path
        assert path.read_text("utf-8").startswith("#!/usr/bin/env "), path


def test_scripts_are_good_bash():
    for path in [*(ROOT / "scripts").iterdir(), ROOT / ".ci" / "run"]:
        if path.is_file() and path.read_text("utf-8").startswith("#!/usr/bin/env bash"):
            subprocess.run(["bash", "-n", path], check=True)


def test_set_up_says_what_to_do_where_there_is_no_python(tmp_path):
    (tmp_path / "scripts").mkdir()
    for name in ("scripts/setup", "requirements.txt"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("bash", "dirname"):
        (tools / tool).symlink_to(subprocess.run(["which", tool], capture_output=True, text=True, check=True).stdout.strip())
    done = subprocess.run(
        [tools / "bash", "scripts/setup"], cwd=tmp_path, env={"PATH": str(tools)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "no Python 3.11 or newer" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_a_second_set_up_changes_nothing(tmp_path):
    stamp = ROOT / ".venv" / "installed-requirements-dev.txt"
    if not stamp.exists():
        pytest.fail("these tests run in another environment than scripts/setup --dev makes")
    before = stamp.stat().st_mtime_ns
    done = subprocess.run([ROOT / "scripts" / "setup", "--dev"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stderr + done.stdout == ""
    assert stamp.stat().st_mtime_ns == before
