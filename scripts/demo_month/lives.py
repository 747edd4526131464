"""The lives that findings have in the month. Each is a generator: it acts, and says when it goes on (None: when what follows is done).

`FATES` says how many of a hundred have each; a life ends with what it is `expected` to have come to.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from scripts.demo_month.case import Case
from scripts.demo_month.oracle import LOCAL, Extension, Limit
from scripts.demo_month.staff import RELIEF
from tests.phone.ids import uuid7

When = dt.datetime | None
Life = Iterator[When]

DESK = (8, 18)
FIELD = (7, 19)


@dataclass(frozen=True)
class Fate:
    """A life, its share, its words, and what it is for: `desk` only trades that the desk files and dispatches, `auto` only the others."""

    life: Callable[[Case], Life]
    share: float
    zh: str
    en: str
    trades: str = "all"
    at_once: Callable[[Case], None] | None = None
    """What the inspector does right after recording it, still offline."""


def minutes(case: Case, least: int, most: int) -> dt.datetime:
    """So many minutes from now, within the hours of the desk."""
    return awake(case.now + dt.timedelta(minutes=case.month.chance.randint(least, most)), DESK)


def hours(case: Case, least: float, most: float) -> dt.datetime:
    """So many hours from now, while people are outside."""
    return awake(case.now + dt.timedelta(hours=case.month.chance.uniform(least, most)), FIELD)


def share(case: Case, least: float, most: float) -> dt.datetime:
    """When about this share of the time from dispatch to deadline has passed, while people are outside; before it for shares below one."""
    start = case.work.started
    at = awake(start + (case.due - start) * case.month.chance.uniform(least, most), FIELD)
    if most < 1:
        at = min(at, case.due - dt.timedelta(minutes=11))
    return max(at, case.now)


def awake(at: dt.datetime, between: tuple[int, int]) -> dt.datetime:
    """The moment, or the next morning where people sleep."""
    local = at.astimezone(LOCAL)
    if local.hour < between[0]:
        local = local.replace(hour=between[0], minute=local.minute % 20)
    elif local.hour >= between[1]:
        local = (local + dt.timedelta(days=1)).replace(hour=between[0], minute=local.minute % 20)
    return local


# Parts of lives.


def desked(case: Case) -> Life:
    """From the record to the dispatch: by itself where the policy says so, else by the desk."""
    yield None
    case.look()
    if case.automatic:
        if case.doc["state"] == "filed" and "awaiting_contract" in case.doc["needs"]:
            yield minutes(case, 5, 40)
            case.dispatch("sun", unit=case.month.unit(case.town), reason="无合同，由属地镇街先行处置")
        elif case.doc["state"] == "dispatched":
            case.dispatched()
        else:
            raise AssertionError(f"{case.doc['number']} was not dispatched by itself: {case.doc['state']}, {case.doc['needs']}")
        return
    yield minutes(case, 2, 30)
    yield from filed_and_dispatched(case)


def filed_and_dispatched(case: Case, *, condition: int | None = None) -> Life:
    """The desk files it and dispatches it; now and then two of them at once, and one is told so."""
    first, second = case.month.chance.sample(case.month.staff.acceptors, 2)
    before = case.doc["state_version"]
    case.file(first, condition)
    if case.month.chance.random() < 0.1:
        case.ask(second, "filing", {"state_version": before}, refused="state_moved")
    yield minutes(case, 2, 30)
    case.dispatch(case.month.staff.dispatchers[case.month.chance.randrange(2)])


def checked_and_closed(case: Case) -> Life:
    """From the report to the closing."""
    yield hours(case, 0.1, 3)
    case.verify("pass")
    yield from closed(case)


def closed(case: Case) -> Life:
    """From the verdict to the closing, once the photos are examined."""
    yield None
    yield minutes(case, 1, 60)
    case.closer = case.month.staff.acceptors[case.month.chance.randrange(2)]
    case.close(case.closer)
    case.done = True


# Lives.


def on_time(case: Case) -> Life:
    """Done well before the deadline."""
    yield from desked(case)
    yield share(case, 0.1, 0.9)
    case.report()
    yield from checked_and_closed(case)


def late(case: Case) -> Life:
    """Done after the deadline."""
    yield from desked(case)
    yield share(case, 1.05, 1.8)
    case.report()
    yield from checked_and_closed(case)


def extended(case: Case) -> Life:
    """More time is asked for and granted; asked for once more after the deadline, it is refused."""
    yield from desked(case)
    yield share(case, 0.3, 0.7)
    case.look()
    if case.now > case.due:
        case.request("extension", refused="already_overdue")
    else:
        request = case.request("extension")
        yield minutes(case, 5, 90)
        case.decide("extension", request, "grant")
        case.work.extensions.append(Extension(case.now, case.limit.seconds))
    yield share(case, 0.7, 1.3)
    case.report()
    yield from checked_and_closed(case)


def extension_refused(case: Case) -> Life:
    """More time is asked for in vain."""
    yield from desked(case)
    yield share(case, 0.2, 0.5)
    case.look()
    if case.now <= case.due:
        request = case.request("extension")
        yield minutes(case, 5, 90)
        case.decide("extension", request, "refuse", reason="工程量不大，应按期完成")
    yield share(case, 0.6, 1.2)
    case.report()
    yield from checked_and_closed(case)


def reworked(case: Case) -> Life:
    """The first work is not good; the second is."""
    yield from desked(case)
    yield share(case, 0.1, 0.8)
    case.report()
    for _ in range(case.month.chance.choice((1, 1, 1, 2))):
        yield hours(case, 0.1, 3)
        case.verify("fail")
        yield hours(case, 0.3, 4)
        case.report()
    yield from checked_and_closed(case)


def never_done(case: Case) -> Life:
    """Nobody does it."""
    yield from desked(case)
    case.done = True


def voided(case: Case) -> Life:
    """Asked to be void by one of the desk, approved by another."""
    yield None
    case.look()
    if case.doc["state"] == "dispatched":
        case.dispatched()
    yield minutes(case, 5, 60)
    case.ask("zhao", "void-request", {"reason": "重复采集"})
    case.ask("zhao", "void", {"reason": "重复采集"}, refused="same_hands")
    yield minutes(case, 5, 60)
    case.ask("chen", "void", {"reason": "同意作废"})
    for work in case.works:
        work.end(case.now)
    case.expected = "void"
    case.done = True


def reopened(case: Case) -> Life:
    """Closed, and not for good: it comes back with a new clock."""
    yield from on_time(case)
    case.done = False
    yield hours(case, 20, 50)
    case.ask("li", "reopening", {"reason": "居民反映问题仍然存在"})
    case.work.end(case.now)
    case.dispatched()
    yield share(case, 0.2, 0.9)
    case.report()
    yield from checked_and_closed(case)


def own_work_refused(case: Case) -> Life:
    """The unit that did it tries to see it through by itself, which nobody may."""
    yield from desked(case)
    yield share(case, 0.2, 0.8)
    case.report()
    payload = {"phase": "pre_closing", "report": case.work.reports[-1].id, "result": "pass", "note": None, "photos": []}
    case.ask(case.doer, "verifications", payload, refused="forbidden")
    case.ask(case.doer, "closing", {}, refused="forbidden")
    yield from checked_and_closed(case)


def returned_to_another(case: Case) -> Life:
    """Not this unit's duty: the dispatcher sends it to another, whose clock begins anew."""
    yield from desked(case)
    yield share(case, 0.05, 0.3)
    request = case.request("return")
    hold = case.work.hold(case.now)
    yield minutes(case, 20, 240)
    case.decide("return", request, "grant", unit=case.month.unit(elsewhere(case)), reason="按权责清单由该单位处置")
    hold.until = case.now
    case.work.end(case.now)
    case.dispatched()
    yield share(case, 0.1, 1.2)
    case.report()
    yield from checked_and_closed(case)


def returned_to_desk(case: Case) -> Life:
    """Not this unit's duty, and the dispatcher must think whose: it is filed again, and dispatched later."""
    yield from desked(case)
    yield share(case, 0.05, 0.3)
    request = case.request("return")
    hold = case.work.hold(case.now)
    yield minutes(case, 20, 240)
    case.decide("return", request, "grant", reason="退回重新派遣")
    hold.until = case.now
    case.work.end(case.now)
    case.expected = "filed"
    yield minutes(case, 10, 120)
    case.dispatch("sun", unit=case.month.unit(elsewhere(case)), reason="经协调由该单位处置")
    yield share(case, 0.1, 1.2)
    case.report()
    yield from checked_and_closed(case)


def return_refused(case: Case) -> Life:
    """It is this unit's duty after all: its clock stood while it was asked."""
    yield from desked(case)
    yield share(case, 0.05, 0.4)
    request = case.request("return")
    hold = case.work.hold(case.now)
    yield minutes(case, 20, 300)
    case.decide("return", request, "refuse", reason="属于本单位合同范围")
    hold.until = case.now
    yield share(case, 0.5, 1.3)
    case.report()
    yield from checked_and_closed(case)


def suspended(case: Case) -> Life:
    """Its clock stands until a date, and runs on by itself."""
    yield from desked(case)
    yield share(case, 0.1, 0.4)
    until = case.now + dt.timedelta(hours=case.month.chance.randint(30, 110))
    request = case.request("suspension", until=until.isoformat())
    yield minutes(case, 20, 200)
    case.decide("suspension", request, "grant")
    case.work.hold(case.now, until)
    yield awake(until + dt.timedelta(hours=case.month.chance.uniform(1, 20)), FIELD)
    case.look()
    yield share(case, 0.5, 1.2)
    case.report()
    yield from checked_and_closed(case)


def suspension_ended(case: Case) -> Life:
    """Its clock stands until a date, and the dispatcher has it run on earlier."""
    yield from desked(case)
    yield share(case, 0.1, 0.4)
    until = case.now + dt.timedelta(days=20)
    request = case.request("suspension", until=until.isoformat())
    yield minutes(case, 20, 200)
    case.decide("suspension", request, "grant")
    hold = case.work.hold(case.now, until)
    yield hours(case, 20, 70)
    case.ask("sun", f"suspension-requests/{request}/end", {"reason": "具备施工条件"})
    hold.until = case.now
    yield share(case, 0.5, 1.2)
    case.report()
    yield from checked_and_closed(case)


def suspension_refused(case: Case) -> Life:
    """Its clock runs on."""
    yield from desked(case)
    yield share(case, 0.1, 0.5)
    request = case.request("suspension", until=(case.now + dt.timedelta(days=5)).isoformat())
    yield minutes(case, 20, 200)
    case.decide("suspension", request, "refuse", reason="不影响施工")
    yield share(case, 0.5, 1.2)
    case.report()
    yield from checked_and_closed(case)


def looked_at_first(case: Case) -> Life:
    """The desk has an inspector look before it files."""
    yield None
    case.look()
    yield minutes(case, 5, 40)
    case.ask("zhao", "verification-request", {"reason": "请现场核实", "state_version": case.doc["state_version"]})
    case.expected = "verifying"
    yield hours(case, 0.2, 2)
    case.look_on_site("pre_filing", "pass", case.looker())
    case.expected = "recorded"
    yield minutes(case, 5, 40)
    case.look()
    yield from filed_and_dispatched(case)
    yield share(case, 0.1, 0.9)
    case.report()
    yield from checked_and_closed(case)


def assigned(case: Case) -> Life:
    """The company's manager gives it to a worker, and hands back what the worker reports."""
    yield from desked(case)
    manager, *workers = case.doers
    if not workers:  # no company: its officer does it
        yield share(case, 0.1, 0.9)
        case.report()
    else:
        yield share(case, 0.05, 0.2)
        worker = case.month.office.person(workers[0])
        case.ask(manager, "assignments", {"dispatch": case.work.id, "worker": worker, "hand_back_by": "manager"})
        yield share(case, 0.3, 0.8)
        report = case.report(workers[0], counts=False)
        yield hours(case, 0.2, 5)
        case.ask(manager, "hand-back", {"report": report})
        case.handed_back(case.work, report, case.now)
    yield from checked_and_closed(case)


def with_a_co_unit(case: Case) -> Life:
    """Two units work on it, each by its own deadline; it is rectified when both have handed back."""
    yield from desked(case)
    yield minutes(case, 10, 60)
    limit = Limit(case.month.chance.choice((4, 8, 12)), "working_hours")
    unit = case.month.unit(elsewhere(case))
    said = {"unit": unit, "reason": "需配合清理", "limit": {"value": limit.value, "unit": limit.unit}}
    case.ask("sun", "co-units", said)
    other = case.dispatched(limit)
    yield share(case, 0.2, 0.9)
    case.report()
    yield hours(case, 0.5, 12)
    case.report(work=other)
    yield hours(case, 0.1, 3)
    case.verify("pass")
    case.verify("pass", work=other)
    yield from closed(case)


def supervised(case: Case) -> Life:
    """A leader presses for it, and is answered."""
    yield from desked(case)
    yield minutes(case, 30, 200)
    reply_due = (case.now + dt.timedelta(hours=20)).isoformat()
    case.ask("li", "supervisions", {"demand": "请尽快处置并说明情况", "reply_due": reply_due})
    demand = case.doc["supervisions"][-1]["id"]
    yield hours(case, 1, 10)
    case.ask(case.doer, f"supervisions/{demand}/reply", {"reply": "已安排人员处置"})
    yield hours(case, 1, 10)
    case.ask("li", f"supervisions/{demand}/end", {"result": "settled", "reason": "处置及时"})
    yield share(case, 0.3, 0.9)
    case.report()
    yield from checked_and_closed(case)


def handed_over(case: Case) -> Life:
    """Beside the work a clue goes to enforcement, with its legal basis and a receipt."""
    yield from desked(case)
    yield minutes(case, 30, 200)
    said = {"unit": case.month.unit("CG"), "legal_basis": "《浙江省城市市容和环境卫生管理条例》第十八条", "facts": "占道经营，屡教不改"}
    case.ask("sun", "hand-overs", said)
    clue = case.doc["hand_overs"][-1]["id"]
    officer = case.month.doers_of(case.month.unit("CG"))[0]
    yield hours(case, 1, 10)
    case.ask(officer, f"hand-overs/{clue}/receipt", {"receipt": f"临综执受〔2026〕{case.turn:05d}号"})
    yield share(case, 0.3, 0.9)
    case.report()
    yield hours(case, 2, 20)
    case.ask(officer, f"hand-overs/{clue}/conclusion", {"outcome": "责令改正，罚款二百元"})
    yield from checked_and_closed(case)


def disputed(case: Case) -> Life:
    """Two inspectors see it differently, and a shift leader decides."""
    yield from desked(case)
    yield share(case, 0.2, 0.8)
    case.report()
    yield hours(case, 0.2, 3)
    case.verify("pass")
    case.look_on_site("pre_closing", "fail", RELIEF[0], report=case.work.reports[-1].id)
    case.expected = "rectified"
    yield minutes(case, 10, 100)
    case.ask("chen", "dispute-decision", {"result": "pass", "reason": "现场照片显示已整改到位"})
    case.expected = "verified"
    yield from closed(case)


def withdrawn(case: Case) -> Life:
    """The inspector was mistaken."""
    yield minutes(case, 1, 10)
    phone = case.month.phone(case.inspector)
    phone.do("withdraw_finding", "finding", case.id, {"reason": "误报"})
    case.month.bring_home(case.inspector)
    case.expected = "withdrawn"
    case.done = True


def mends(case: Case) -> None:
    """The inspector mends it on the spot."""
    phone = case.month.phone(case.inspector)
    content, declared = case.month.camera.take("after", case.now)
    case.month.keep(phone, content)
    phone.do("self_resolve_finding", "finding", case.id, {"photos": [declared], "note": "现场清理"})
    case.expected = "self_resolved"


def mended_on_the_spot(case: Case) -> Life:
    """What the inspector mended is reviewed, and closed or void."""
    yield None
    yield minutes(case, 5, 90)
    good = case.month.chance.random() < 0.8
    case.ask("zhao", f"self-resolution/{'acceptance' if good else 'refusal'}", {"reason": None if good else "照片不能说明问题"})
    case.expected = "closed" if good else "void"
    case.done = True


def seen_twice(case: Case) -> Life:
    """Another inspector records the same thing; the desk attaches it to the first."""
    yield None
    login = case.looker()
    twin = case.month.case(
        "seen_twice", login, case.town, case.trade, place=case.place, category=case.category, condition=case.condition, limit=case.limit
    )
    case.month.record(twin, None)
    case.month.bring_home(login)
    case.month.cases.append(twin)
    yield minutes(case, 5, 30)
    case.look()
    near = case.month.office.ask("zhao", "GET", f"/findings/{twin.id}/candidates")
    if case.id not in {each["finding"]["id"] for each in near["items"]}:
        raise AssertionError(f"{case.doc['number']} is no candidate of the same thing")
    twin.ask("zhao", "attachment", {"head": case.id, "reason": "同一问题"})
    twin.expected, twin.done = "attached", True
    case.look()
    yield minutes(case, 5, 30)
    yield from filed_and_dispatched(case)
    yield share(case, 0.1, 0.9)
    case.report()
    yield from checked_and_closed(case)


def appealed(case: Case) -> Life:
    """Late, and the unit says why: somebody who did not close it rules. Granted it does not count, and late it stays."""
    yield from late(case)
    case.done = False
    yield hours(case, 2, 30)
    case.ask(case.doer, "appeals", {"dispatch": case.work.id, "reason": "现场被大货车占用，无法施工"})
    case.expected = "appealed"
    appeal = next(each["id"] for each in case.doc["requests"] if each["kind"] == "appeal")
    case.ask(case.doer, "appeals", {"dispatch": case.work.id, "reason": "再次申诉"}, refused="appealed_already")
    yield hours(case, 1, 20)
    case.exempt = case.month.chance.random() < 0.5
    case.ask(case.closer, f"appeals/{appeal}/grant", {"reason": "情况属实"}, refused="own_work")
    case.ask("li", f"appeals/{appeal}/{'grant' if case.exempt else 'refusal'}", {"reason": "情况属实" if case.exempt else "理由不充分"})
    case.expected = "closed"
    case.done = True


def corrected(case: Case) -> Life:
    """It is something else: the clock that runs gets the limit of that, from when it began."""
    yield from desked(case)
    yield minutes(case, 10, 60)
    category, condition, limit = case.month.another(case)
    case.ask("zhao", "correction", {"category": category, "condition": condition, "reason": "经核对应为该类别"})
    case.category, case.condition, case.limit = category, condition, limit
    case.work.limit = limit
    yield share(case, 0.3, 1.2)
    case.report()
    yield from checked_and_closed(case)


def brought_home_late(case: Case) -> Life:
    """The worker reports on a phone without a net, in time; it arrives hours later, and counts as of when it was done."""
    yield from desked(case)
    if len(case.doers) == 1:
        yield share(case, 0.1, 0.9)
        case.report()
    else:
        yield share(case, 0.3, 0.95)
        login = case.doers[1]
        phone = case.month.phone(login)
        content, declared = case.month.camera.take("after", case.now)
        case.month.keep(phone, content)
        report, at, work = str(uuid7()), case.now, case.work
        said = {"report": report, "dispatch": work.id, "note": "地下室无信号", "photos": [declared]}
        phone.do("report_rectification", "finding", case.id, said)
        yield hours(case, 3, 12)
        case.month.bring_home(login)
        case.handed_back(work, report, at)
        case.look()
    yield from checked_and_closed(case)


def elsewhere(case: Case) -> str:
    """The code of a unit that does not have it yet."""
    taken = {work.unit for work in case.works}
    return next(code for code in (case.town, "SZ", "YL") if case.month.unit(code) not in taken)


FATES: dict[str, Fate] = {
    "on_time": Fate(on_time, 26, "按期", "on time"),
    "late": Fate(late, 9, "超期", "late"),
    "extended": Fate(extended, 5, "延期", "extended"),
    "extension_refused": Fate(extension_refused, 2, "延期被拒", "extension refused"),
    "returned_to_another": Fate(returned_to_another, 4, "退单改派", "returned, sent to another"),
    "returned_to_desk": Fate(returned_to_desk, 2, "退单重派", "returned to the desk"),
    "return_refused": Fate(return_refused, 2, "退单被拒", "return refused"),
    "suspended": Fate(suspended, 4, "挂账", "suspended"),
    "suspension_ended": Fate(suspension_ended, 2, "提前结束挂账", "suspension ended early"),
    "appealed": Fate(appealed, 2, "申诉", "appealed"),
    "corrected": Fate(corrected, 2, "更正类别", "corrected", "auto"),
    "brought_home_late": Fate(brought_home_late, 1, "离线反馈", "reported offline", "auto"),
    "suspension_refused": Fate(suspension_refused, 1, "挂账被拒", "suspension refused"),
    "reworked": Fate(reworked, 7, "返工", "reworked"),
    "disputed": Fate(disputed, 2, "核查有争议", "verdicts differ"),
    "assigned": Fate(assigned, 4, "指派作业人员", "given to a worker", "auto"),
    "with_a_co_unit": Fate(with_a_co_unit, 3, "协办", "with a co-unit"),
    "supervised": Fate(supervised, 2, "督办", "supervised"),
    "handed_over": Fate(handed_over, 2, "移交执法", "handed over to enforcement", "desk"),
    "looked_at_first": Fate(looked_at_first, 4, "先核实", "looked at first", "desk"),
    "seen_twice": Fate(seen_twice, 1, "并案", "seen twice", "desk"),
    "mended_on_the_spot": Fate(mended_on_the_spot, 3, "自处置", "mended on the spot", at_once=mends),
    "withdrawn": Fate(withdrawn, 1, "撤回", "withdrawn", "desk"),
    "never_done": Fate(never_done, 3, "未处置", "never done"),
    "voided": Fate(voided, 3, "作废", "voided"),
    "reopened": Fate(reopened, 2, "重新打开", "reopened"),
    "resident": Fate(on_time, 0, "居民上报", "reported by a resident"),
    "own_work_refused": Fate(own_work_refused, 1, "自查自结被拒", "own work refused"),
}
