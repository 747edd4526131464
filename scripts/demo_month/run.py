"""The demo month from an empty database to the verdict. Exit status 0 where every expectation holds, 1 where one does not."""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts.demo_day.table import Lang
from scripts.demo_month import checks as expectations
from scripts.demo_month.checks import Checks
from scripts.demo_month.office import MonthClock, Office
from scripts.demo_month.oracle import LOCAL, is_working
from scripts.demo_month.play import Month
from scripts.demo_month.rates import tally
from scripts.demo_month.staff import hire
from scripts.demo_month.tables import lives_table, rates_table, states_line
from tests.make.server import Server

ROOT = Path(__file__).resolve().parents[2]
FIRST_DAY = dt.date(2026, 9, 14)
"""A Monday. Within the month: a make-up Sunday (20 September), Mid-Autumn (25 to 27), National Day (1 to 7 October), a make-up Saturday."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for."""
    asked = _arguments(arguments)
    folder = Path(asked.folder or Path(os.environ.get("DATA_FOLDER") or ROOT / "var") / "demo-month").absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    database = asked.database or f"sqlite:///{folder / 'linping.sqlite3'}"
    return play(
        database,
        folder,
        first=dt.date.fromisoformat(asked.first),
        days=asked.days,
        inspectors=asked.inspectors,
        findings=asked.findings,
        seed=asked.seed,
        lang=asked.lang,
        replay=not asked.no_replay,
    )


def play(
    database: str,
    folder: Path,
    *,
    first: dt.date = FIRST_DAY,
    days: int = 30,
    inspectors: int = 60,
    findings: int = 2,
    seed: int = 1,
    lang: Lang = "zh",
    replay: bool = True,
) -> int:
    """The month on an empty database, with a server of its own; the exit status."""
    said = Said(lang)
    begins = dt.datetime.combine(first, dt.time(6), LOCAL)
    ends = dt.datetime.combine(first + dt.timedelta(days=days), dt.time(0), LOCAL)
    with contextlib.ExitStack() as until_the_end:
        phones = Path(until_the_end.enter_context(tempfile.TemporaryDirectory(prefix="demo-month-")))
        server = Server(database, folder, environ={"DEMO_CLOCK": begins.isoformat()})
        server.flask("database", "migrate")
        server.flask("demo", "seed")
        until_the_end.enter_context(server)
        office = until_the_end.enter_context(contextlib.closing(Office(server.url)))
        month = _prepare(server, office, begins, phones, inspectors=inspectors, seed=seed)
        until_the_end.enter_context(contextlib.closing(month))
        said.step(
            f"演示区与 {inspectors} 名监督员就绪（{begins:%Y-%m-%d}）",
            f"the district and {inspectors} inspectors are ready ({begins:%Y-%m-%d})",
        )
        month.plan(first, days, findings)
        month.pass_until(ends, lambda at: said.step(*_day(at, month)))
        said.step(
            f"{days} 天过完：{len(month.cases)} 件案卷，{sum(office.answers.values())} 次请求",
            f"{days} days have passed: {len(month.cases)} findings, {sum(office.answers.values())} requests",
        )
        docs = {doc["id"]: doc for doc in office.pages("zhao", "/findings")}
        checks = Checks()
        expectations.check_asking(checks, office.faults, office.answers)
        expectations.check_lives(checks, month.cases, docs)
        expectations.check_deadlines(checks, month.cases, docs)
        expectations.check_rulings(checks, month.cases, docs)
        explained = {case.id: office.ask("zhao", "GET", f"/findings/{case.id}/deadlines") for case in month.cases if case.id in docs}
        expectations.check_steps(checks, month.cases, explained)
        _report(month, office, docs, ends, lang)
        verified = server.flask("sync", "verify", *(["--replay"] if replay else []), check=False)
        checks.that(
            verified.returncode == 0, "sync verify 无异常", "sync verify finds nothing", verified.stdout[-1500:] + verified.stderr[-1500:]
        )
        said.step("核对完毕", "verified")
    print()
    print(checks.shown(lang))
    verdict = "全部相符" if lang == "zh" else "everything holds"
    wrong = f"{checks.unmet} 项不符" if lang == "zh" else f"{checks.unmet} unmet"
    print(wrong if checks.unmet else verdict)
    return 1 if checks.unmet else 0


class Said:
    """One line a step, with the time it took."""

    def __init__(self, lang: Lang) -> None:
        self._lang = lang
        self._began = time.monotonic()

    def step(self, zh: str, en: str) -> None:
        """A step done."""
        print(f"[{time.monotonic() - self._began:6.1f} s] {zh if self._lang == 'zh' else en}", flush=True)


def _prepare(server: Server, office: Office, begins: dt.datetime, phones: Path, *, inspectors: int, seed: int) -> Month:
    clock = MonthClock(office, begins)
    units = {unit["code"]: unit["id"] for unit in office.pages("admin", "/units")}
    towns = sorted(code for code in units if len(code) == 9 and code.isdigit())
    staff = hire(server, office, towns, inspectors=inspectors)
    catalog = office.ask("zhao", "GET", "/catalog")
    return Month(office, clock, staff, catalog=catalog, units=units, seed=seed, folder=phones)


def _day(at: dt.datetime, month: Month) -> tuple[str, str]:
    local = at.astimezone(LOCAL)
    works = is_working(local.date())
    zh = f"{local:%m-%d} {'一二三四五六日'[local.weekday()]} {'工作日' if works else '休息日'}：累计 {len(month.cases)} 件"
    return zh, f"{local:%m-%d %a} {'working day' if works else 'day off'}: {len(month.cases)} findings so far"


def _report(month: Month, office: Office, docs: dict[str, dict[str, Any]], ends: dt.datetime, lang: Lang) -> None:
    whole, towns, units = tally(docs.values(), until=ends)
    names = {unit["id"]: unit["name"] for unit in office.pages("admin", "/units")}
    codes = {code: names[month.unit(code)] for code in month.staff.towns}
    print()
    print(lives_table(month.cases, lang))
    print()
    print(states_line(whole.states, lang))
    print()
    all_ = "全区" if lang == "zh" else "all"
    print(rates_table({**{codes.get(code, code): towns[code] for code in sorted(towns)}, all_: whole}, ("镇街", "town"), lang))
    print()
    print(rates_table({names[unit]: units[unit] for unit in sorted(units, key=lambda each: names[each])}, ("处置单位", "unit"), lang))
    print()


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/demo-month",
        description="演示区的一个月，几分钟内过完。A month of the demo district in minutes, driven through the API.",
    )
    parser.add_argument("--inspectors", type=int, default=60, help="监督员人数 (default: %(default)s)")
    parser.add_argument("--days", type=int, default=30, help="天数 (default: %(default)s)")
    parser.add_argument(
        "--findings", type=int, default=2, help="每人每天上报数，约 findings an inspector a day, about (default: %(default)s)"
    )
    parser.add_argument("--first", default=FIRST_DAY.isoformat(), help="第一天 the first day (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="种子 (default: %(default)s)")
    parser.add_argument("--folder", help="数据目录（将被清空）the data folder, which is emptied first (default: var/demo-month)")
    parser.add_argument("--database", help="空的 PostgreSQL 数据库 an empty PostgreSQL database; else SQLite in the folder")
    parser.add_argument("--no-replay", action="store_true", help="不重放核对 verify without doing everything once more")
    parser.add_argument("--lang", choices=("zh", "en"), default="zh", help="语言 language (default: %(default)s)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
