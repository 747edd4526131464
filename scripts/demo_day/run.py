"""The demo day from sign-in to table. Exit status 0 where every expectation holds, 1 where one does not, 2 where no server answers."""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from scripts.demo_day import checks as expectations
from scripts.demo_day.checks import Checks, is_settled
from scripts.demo_day.day import CORNERS_IN, ROAD, DayClock, boots_of, draw_day
from scripts.demo_day.ground import survey
from scripts.demo_day.table import Lang, Names, counts, findings_table
from scripts.demo_day.work import work
from tests.make.bad_line import BadLine, Fault, Mix, Plan, Request
from tests.phone import album, wire
from tests.phone.clock import LOCAL
from tests.phone.outbox import ChainDiffers, Outcome
from tests.phone.patience import Broken, Patience
from tests.phone.phone import Forked, Phone
from tests.phone.store import Store
from tests.phone.wire import Refused

ROOT = Path(__file__).resolve().parents[2]
LOGIN, PASSWORD = "lin", "linping-demo"
_WAIT_S = 60.0
_POLL_S = 0.5
_BROKEN_PUSHES: dict[int, wire.Fault] = {2: "break_in_body", 4: "break_after_answer"}
_PATIENCE = Patience(tries=14, first_s=0.25, most_s=2.0)
"""More stubborn than a phone in a pocket: somebody is waiting for the table."""
_LOSS, _OTHER = 0.25, 0.03
"""Over a bad line: part of the requests that are lost somewhere, and part that befalls each of the other faults."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for."""
    asked = _arguments(arguments)
    said = Said(asked.lang, quiet=asked.plain)
    folder = Path(os.environ.get("DATA_FOLDER") or ROOT / "var") / "demo-phone"
    try:
        with contextlib.ExitStack() as until_the_end:
            until_the_end.enter_context(_line(asked, said))
            return (_again if asked.again else _first)(asked, said, folder, until_the_end)
    except Refused as refusal:
        said.wrong(f"服务端拒绝：{refusal}", f"the server refused: {refusal}")
    except ChainDiffers as incident:
        said.wrong(f"哈希链不一致：{incident}", f"the chain differs: {incident}")
    except Forked as fork:
        said.wrong(f"副本分叉：{fork}", f"the replica forked: {fork}")
    except Broken as broken:
        said.wrong(
            f"{asked.url} 没有应答（{broken}）。请先运行 scripts/serve。",
            f"no answer from {asked.url} ({broken}). Start it with scripts/serve.",
        )
        return 2
    return 1


@contextlib.contextmanager
def _line(asked: argparse.Namespace, said: Said) -> Iterator[None]:
    """With `--bad-line`: everything goes through the fault proxy, and at the end it says what it did."""
    if not asked.bad_line:
        yield
        return
    others = dict.fromkeys(("delay", "delay_answer", "hold", "twice", "twice_at_once"), _OTHER)
    with BadLine(asked.url, seed=asked.seed, plan=_sparing(Mix.loss(_LOSS, **others))) as line:
        asked.url = line.url
        yield
    done = {name: count for name, count in sorted(line.done.items()) if count and not name.startswith("status_")}
    said.step(f"坏线路（种子 {asked.seed}）：{done}", f"the bad line (seed {asked.seed}): {done}")


def _sparing(plan: Plan) -> Plan:
    """The plan, but for the pushes that the day itself breaks: what it expects of those must be theirs."""
    pushes = count(1)

    def spare(request: Request, chance: Random) -> Fault | None:
        if request.path.endswith("/sync/ops") and next(pushes) in _BROKEN_PUSHES:
            return None
        return plan(request, chance)

    return spare


class Said:
    """What the script says beside the table: one line a step, in one language; errors in both."""

    def __init__(self, lang: Lang, *, quiet: bool) -> None:
        self._lang, self._quiet = lang, quiet
        self._began = time.monotonic()

    def step(self, zh: str, en: str) -> None:
        """A step done, with the time it took."""
        if not self._quiet:
            print(f"[{time.monotonic() - self._began:5.1f} s] {zh if self._lang == 'zh' else en}", flush=True)

    def wrong(self, zh: str, en: str) -> None:
        """What went wrong."""
        print(f"scripts/demo-day: {zh}\nscripts/demo-day: {en}", file=sys.stderr)


def _first(asked: argparse.Namespace, said: Said, folder: Path, until_the_end: contextlib.ExitStack) -> int:
    """A new phone works yesterday and brings it home."""
    date = dt.datetime.now(LOCAL).date() - dt.timedelta(days=1)
    clock = DayClock(boots_of(date))
    with contextlib.closing(wire.Wire(asked.url)) as asking:
        asking.ask("GET", "/sync/hello")
    shutil.rmtree(folder, ignore_errors=True)
    phone = until_the_end.enter_context(contextlib.closing(Phone(folder, asked.url, clock=clock, batch=6, patience=_PATIENCE)))
    _sign_in(phone, said)
    pulled = phone.pull()
    catalog = phone.wire.ask("GET", "/catalog", token=phone.store["session"])
    ground = survey(phone, corners_in=CORNERS_IN, road=ROAD)
    said.step(f"首次同步：{pulled.changes} 份资料，{pulled.pages} 页", f"first sync: {pulled.changes} documents on {pulled.pages} pages")

    day = draw_day(date, catalog, ground)
    work(phone, clock, day, folder / "photos")
    phone.store["date"] = date.isoformat()
    waiting = phone.album.waiting()
    points = sum(len(chunk) for _, chunk in day.track)
    said.step(
        f"离线工作一天（{date}）：{phone.outbox.depth} 个操作，{len(day.sights)} 处发现，{len(waiting)} 张照片，{points} 个轨迹点",
        f"a day offline ({date}): {phone.outbox.depth} operations, {len(day.sights)} findings, {len(waiting)} photos, {points} points",
    )

    early = phone.album.deliver(limit=4)
    child = [outcome.op for outcome in phone.outbox.outcomes() if outcome.verb == "add_note"]
    pushed = phone.push(ahead=child, faults=_BROKEN_PUSHES)
    said.step(
        f"推送：{pushed.requests} 次请求，断线 {pushed.breaks} 次，应答 {pushed.answers}",
        f"push: {pushed.requests} requests, {pushed.breaks} broken, answers {pushed.answers}",
    )
    plans = {
        waiting[6]: album.Plan(fault="break_in_body"),
        waiting[9]: album.Plan(fault="break_after_answer", where="creation"),
        waiting[12]: album.Plan("put"),
    }
    late = phone.album.deliver(plans=plans)
    said.step(
        f"照片：{len(early.sent) + len(late.sent)} 张送达，断线 {late.breaks} 次，续传 {len(late.resumed)} 次，PUT {late.by_put} 张",
        f"photos: {len(early.sent) + len(late.sent)} delivered, {late.breaks} breaks, {len(late.resumed)} resumed, {late.by_put} by PUT",
    )
    settled = _wait(phone, catalog)
    if settled:
        said.step("拉取：照片检验与自动流转完成", "pull: photos examined, automatic moves done")

    checks = Checks()
    checks.that(settled, "照片检验与自动流转在一分钟内完成", "photos and automatic moves were done within a minute")
    outcomes = phone.outbox.outcomes()
    expectations.check_delivery(checks, phone, pushed, (early, late), outcomes)
    expectations.check_times(checks, day, _records(phone))
    expectations.check_findings(checks, phone, day, _findings(phone), _records(phone))
    checks.that(not phone.pull(check=True).resync, "本机副本与服务端一致", "the phone's copy agrees with the server's digest")
    return _report(phone, asked, checks, pushed.answers)


def _again(asked: argparse.Namespace, said: Said, folder: Path, until_the_end: contextlib.ExitStack) -> int:
    """The same phone sends the same day once more."""
    if not (folder / "phone.sqlite3").exists():
        said.wrong("还没有可重发的一天，请先运行 scripts/demo-day。", "there is no day to send again yet: run scripts/demo-day first.")
        return 1
    store = Store(folder / "phone.sqlite3")
    date, known = dt.date.fromisoformat(store["date"] or "1970-01-01"), store["replica"]
    store.close()
    phone = until_the_end.enter_context(
        contextlib.closing(Phone(folder, asked.url, clock=DayClock(boots_of(date)), batch=8, patience=_PATIENCE))
    )
    if not phone.outbox.last_seq or phone.outbox.depth:
        said.wrong("上一次没有完成，请重新运行 scripts/demo-day。", "the first run did not come to its end: run scripts/demo-day anew.")
        return 1
    registered = _sign_in(phone, said)
    if registered["replica"] != known or registered["acked_through"] != phone.outbox.last_seq:
        said.wrong(
            "该服务端没有见过这部终端，请运行 scripts/demo-day。",
            "this server has not seen this phone: run scripts/demo-day without --again.",
        )
        return 1
    before = _mine(phone)
    phone.album.forget_deliveries()
    photos = len(phone.album.waiting())
    pushed = phone.push_again()
    delivered = phone.album.deliver()
    phone.pull()
    time.sleep(2 * _POLL_S)  # whatever might follow from it has the time to
    phone.pull()
    said.step(
        f"重发：{pushed.lines} 个操作，应答 {pushed.answers}；照片 {len(delivered.already)} 张已送达，{len(delivered.sent)} 张重传",
        f"again: {pushed.lines} operations, answers {pushed.answers}; {len(delivered.already)} photos there, {len(delivered.sent)} sent",
    )
    checks = Checks()
    last = phone.outbox.last_seq
    checks.that(pushed.answers == {"duplicate": last}, "全部操作均为重复", "every operation was a duplicate", pushed.answers)
    checks.that(
        len(delivered.already) == photos and not delivered.sent,
        "全部照片此前已送达",
        "every photo was already delivered",
        len(delivered.sent),
    )
    expectations.check_again(checks, before, _mine(phone))
    return _report(phone, asked, checks, pushed.answers)


def _sign_in(phone: Phone, said: Said) -> dict[str, Any]:
    user = phone.sign_in(LOGIN, PASSWORD)
    registered = phone.register()
    replica = registered["replica"]
    said.step(f"{user['name']}（{LOGIN}）已登录，终端副本 {replica}", f"{user['name']} ({LOGIN}) signed in, replica {replica}")
    return registered


def _wait(phone: Phone, catalog: dict[str, Any]) -> bool:
    """Pull until nothing more happens by itself, for at most a minute; whether that came."""
    until = time.monotonic() + _WAIT_S
    while time.monotonic() < until:
        phone.pull()
        made = _findings(phone)
        unheard = [outcome for outcome in phone.outbox.outcomes() if outcome.status in {None, "received", "deferred"}]
        if made and not unheard and all(is_settled(doc, catalog) for doc in made.values()):
            return True
        time.sleep(_POLL_S)
    return False


def _records(phone: Phone) -> list[Outcome]:
    return [outcome for outcome in phone.outbox.outcomes() if outcome.verb == "record_finding"]


def _findings(phone: Phone) -> dict[str, dict[str, Any]]:
    """The phone's own findings of this day, from its copy."""
    own = {record.entity for record in _records(phone)}
    return {key: doc for key, doc in phone.mirror.docs("finding").items() if key in own}


def _mine(phone: Phone) -> dict[str, dict[str, Any]]:
    """Everything the person ever recorded, as the server lists it."""
    found: dict[str, dict[str, Any]] = {}
    cursor = ""
    while True:
        page = phone.wire.ask("GET", f"/findings?mine=true&limit=200{cursor}", token=phone.store["session"])
        found |= {doc["id"]: doc for doc in page["items"]}
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"


def _report(phone: Phone, asked: argparse.Namespace, checks: Checks, answers: dict[str, int]) -> int:
    lang: Lang = asked.lang
    docs = _findings(phone)
    records = _records(phone)
    names = Names(phone.mirror.docs("area"), phone.mirror.docs("category"))
    sent = {
        record.entity: json.loads(line.line)["d"]
        for record, line in zip(records, phone.outbox.lines([record.seq for record in records]), strict=True)
    }
    print()
    print(findings_table(records, docs, sent, names, lang=lang, plain=asked.plain))
    print(
        "* 大类默认时限 limit of the class, set by the administrator"
        if lang == "zh"
        else "* the limit of the class, set by the administrator"
    )
    print()
    made = [docs[record.entity] for record in records if record.entity in docs]
    print(counts(phone.outbox.outcomes(), {} if asked.plain else answers, made, lang, photos=phone.album.count()))
    print()
    print(checks.shown(lang))
    if checks.unmet:
        print(f"{checks.unmet} 项不符 unmet" if lang == "zh" else f"{checks.unmet} unmet")
        return 1
    return 0


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/demo-day", description="一部终端离线工作一天后交回。A phone works a day offline and brings it home."
    )
    port = os.environ.get("PORT") or "8000"
    parser.add_argument("--url", default=f"http://127.0.0.1:{port}", help="服务地址 the server (default: %(default)s)")
    parser.add_argument("--again", action="store_true", help="同一天再交一次：不得重复 send the same day once more: nothing may double")
    parser.add_argument("--bad-line", action="store_true", help="经过故障代理 through a proxy that drops, cuts, delays and doubles")
    parser.add_argument("--seed", type=int, default=7, help="坏线路的种子 seed of the bad line (default: %(default)s)")
    parser.add_argument("--plain", action="store_true", help="表中不含编号与时间 a table without numbers and times, for comparing")
    parser.add_argument("--lang", choices=("zh", "en"), default="zh", help="语言 language (default: %(default)s)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
