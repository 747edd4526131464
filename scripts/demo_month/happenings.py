"""What befalls the whole district in the month: a typhoon that stops clocks, residents who report, a joint campaign."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING

from scripts.demo_month.lives import checked_and_closed, filed_and_dispatched, minutes, share
from scripts.demo_month.oracle import Hold

if TYPE_CHECKING:
    from scripts.demo_month.play import Month

When = dt.datetime | None


def happenings(month: Month, first: dt.date, days: int) -> list[tuple[Iterator[When], dt.date, int]]:
    """Each with the day and hour at which it begins."""
    towns = sorted(month.staff.inspectors)
    found: list[tuple[Iterator[When], dt.date, int]] = []
    if days >= 2:
        found.append((typhoon(month, towns[0], None, hours=20), first + dt.timedelta(days=1), 11))
    if days >= 9:
        found.append((typhoon(month, "330113", "greening", hours=48), first + dt.timedelta(days=8), 15))
        found.append((typhoon(month, towns[1], None, hours=72, ended_after=30), first + dt.timedelta(days=7), 9))
    found += [(resident(month, towns[number % len(towns)], number), first + dt.timedelta(days=number), 19) for number in range(0, days, 2)]
    return found


def resident(month: Month, town: str, number: int) -> Iterator[When]:
    """A resident reports in the evening; in the morning the desk takes it up, and in the end the resident says how it was."""
    place = month.ground.inside(town, month.chance)
    said = {"key": f"demo-month-{number:04d}-{month.seed:012d}", "text": "路口堆放杂物，影响通行", "place": _wgs84(place), "category": None}
    told = month.office.as_resident("POST", "", said)
    receipt, secret = told["receipt"], told["secret"]
    content, _ = month.camera.take("before", month.clock.at)
    month.office.as_resident("POST", f"/{receipt}/photos", secret=secret, body=content)
    yield month.clock.at + dt.timedelta(hours=14)
    (report,) = month.office.ask("zhao", "GET", f"/resident-reports?receipt={receipt}")["items"]
    case = month.case("resident", "", town, "other", place=place)
    category = {name: case.category[name] for name in ("kind", "code")}
    taken = month.office.ask("zhao", "POST", f"/resident-reports/{report['id']}/finding", {"category": category})
    case.id = taken["finding"]
    month.cases.append(case)
    yield None
    case.look()
    yield minutes(case, 2, 30)
    yield from filed_and_dispatched(case, condition=case.condition)
    yield share(case, 0.2, 1.1)
    case.report()
    yield from checked_and_closed(case)
    yield None
    stage = month.office.as_resident("GET", f"/{receipt}", secret=secret)["stage"]
    if stage != "closed":
        raise AssertionError(f"the resident is told {stage}, though it is closed")
    month.office.as_resident("PUT", f"/{receipt}/rating", {"rating": month.chance.choice((3, 4, 5, 5))}, secret=secret)


def _wgs84(place: tuple[float, float]) -> dict[str, object]:
    return {"lon": place[0], "lat": place[1], "datum": "WGS-84", "accuracy_m": 12.0}


def typhoon(month: Month, area: str, trade: str | None, *, hours: int, ended_after: int | None = None) -> Iterator[When]:
    """A leader suspends the clocks of an area; they run on by themselves, or earlier when the leader says so."""
    until = month.clock.at + dt.timedelta(hours=hours)
    payload = {"area": area, "trade": trade, "until": until.isoformat(), "reason": "台风红色预警，停止户外作业"}
    declared = month.office.ask("li", "POST", "/area-suspensions", payload)
    hold = Hold(month.clock.at, until)
    month.suspensions.append((area, trade, hold))
    if ended_after is not None:
        yield month.clock.at + dt.timedelta(hours=ended_after)
        month.office.ask("li", "POST", f"/area-suspensions/{declared['id']}/end", {"reason": "预警解除"})
        hold.until = month.clock.at
    yield month.clock.at
