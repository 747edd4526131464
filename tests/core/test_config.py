"""Settings: from the environment, else from the file that the first start wrote."""

from __future__ import annotations

import stat
import subprocess
import sys

import pytest

from backend.core.config import ROOT, BadSettings, Settings


def of(folder, **environ):
    return Settings.from_env({"DATA_FOLDER": str(folder), **environ})


def test_the_first_start_writes_a_secret_that_only_its_owner_reads(tmp_path):
    first = of(tmp_path)
    path = tmp_path / "settings.env"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and first.secret_key in path.read_text()
    assert of(tmp_path) == first
    assert (first.database_url, first.blob_store) == (f"sqlite:///{tmp_path}/linping.sqlite3", str(tmp_path / "blobs"))
    assert [each.name for each in tmp_path.iterdir()] == ["settings.env"]


def test_processes_that_start_together_keep_one_secret(tmp_path):
    script = "from backend.core.config import Settings; print(Settings.from_env().secret_key)"
    environ = {"DATA_FOLDER": str(tmp_path), "PYTHONPATH": str(ROOT), "PATH": "/usr/bin"}
    found = [subprocess.Popen([sys.executable, "-c", script], env=environ, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    secrets = {process.communicate()[0].strip() for process in found}
    assert secrets == {of(tmp_path).secret_key}


def test_the_environment_wins_over_the_file_and_the_file_over_the_defaults(tmp_path):
    of(tmp_path)
    with (tmp_path / "settings.env").open("a") as file:
        file.write("PORT=8100\n# BATCH_OPS=1\n\nWEB_WORKERS=3\n")
    read = of(tmp_path, WEB_WORKERS="5", HOST="")
    assert (read.port, read.web_workers, read.batch_ops, read.host) == (8100, 5, 200, "127.0.0.1")


@pytest.mark.parametrize("url", ["postgres://u@h/d", "postgresql://u@h/d", "postgresql+psycopg://u@h/d"])
def test_every_name_of_postgresql_means_the_one_driver(tmp_path, url):
    assert of(tmp_path, DATABASE_URL=url).database_url == "postgresql+psycopg://u@h/d"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "8000.5"),
        ("PORT", "0"),
        ("PORT", "99999"),
        ("WEB_WORKERS", "-1"),
        ("OP_BYTES", "9" * 6000),
        ("LOG_LEVEL", "loud"),
        ("BLOB_STORE", "ftp://x"),
        ("BLOB_STORE", "s3://"),
        ("DATABASE_URL", "postgresql://u@h:port/d"),
        ("SECRET_KEY", "short"),
        ("DATABASE_URL", "mysql://x"),
        ("DATABASE_URL", "x"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path, name, value):
    with pytest.raises(BadSettings, match=name) as refused:
        of(tmp_path, **{name: value})
    assert [name in line for line in str(refused.value).splitlines()] == [True, True]


def test_a_folder_that_cannot_be_written_to_is_named():
    with pytest.raises(BadSettings, match="DATA_FOLDER"):
        of("/proc/none")


def test_a_log_level_may_be_written_small(tmp_path):
    assert of(tmp_path, LOG_LEVEL="warning").log_level == "WARNING"


def test_a_file_without_a_secret_is_no_riddle(tmp_path):
    (tmp_path / "settings.env").write_text("PORT=8000\n")
    with pytest.raises(BadSettings, match="SECRET_KEY"):
        of(tmp_path)
