"""A small demo month, over a make-up Sunday and the Mid-Autumn days: every life ends as it is meant, every deadline is the oracle's."""

from __future__ import annotations

import datetime as dt

import pytest

from scripts.demo_month.lives import FATES
from scripts.demo_month.run import play


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


def test_a_few_days_of_the_month_hold(tmp_path, capsys):
    database = f"sqlite:///{tmp_path / 'linping.sqlite3'}"
    first = dt.date(2026, 9, 19)
    assert play(database, tmp_path / "data", first=first, days=3, inspectors=8, findings=1, seed=3, lang="en") == 0, capsys.readouterr().out
    shown = capsys.readouterr().out
    assert "✗" not in shown and "everything holds" in shown
    assert "09-19 Sat day off" in shown and "09-20 Sun working day" in shown


def test_the_lives_of_the_month_are_a_hundred_in_a_hundred():
    assert sum(fate.share for fate in FATES.values()) == pytest.approx(100)
