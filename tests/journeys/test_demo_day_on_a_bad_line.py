"""The demo day as it is, through a line on which every third request meets something: every expectation holds unchanged."""

from __future__ import annotations

import pytest

from scripts.demo_day import run
from tests.make.server import Server


def test_the_demo_day_holds_through_the_fault_proxy(databases, tmp_path, monkeypatch, capsys):
    folder = tmp_path / "data"
    folder.mkdir()
    server = Server(databases.sqlite(tmp_path / "linping.sqlite3"), folder, workers=2, worker=True)
    server.flask("demo", "seed")
    monkeypatch.setenv("DATA_FOLDER", str(folder))
    with server:
        assert run.main(["--url", server.url, "--bad-line", "--plain"]) == 0, capsys.readouterr()
        assert run.main(["--url", server.url, "--bad-line", "--plain", "--again"]) == 0, capsys.readouterr()
    shown = capsys.readouterr().out
    assert "✗" not in shown
    assert shown.count("✓") > 20


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
