"""Draws the day: where the inspector goes, what is found there, what is done with it. All follows from the date and the ground."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from scripts.demo_day.ground import Ground, Point
from tests.phone.clock import LOCAL, Moment
from tests.phone.datums import gcj02

Special = Literal[
    "",
    "unknown_category",
    "outside",
    "amended",
    "withdrawn",
    "no_condition",
    "note_before",
    "photo_later",
    "corner",
    "overlap",
    "gap",
    "succeeded",
]

ROUTE = ("330113003", "330113001", "330113002", "330113005", "330113004", "330113007", "330113100", "330113006")
GAP = ("330113100", "greening")
SUCCEEDED = ("330113001", "sanitation")
CORNERS_IN = ("330113001", "330113002", "330113100", "330113006")
ROAD = "东湖中路"
"""Its first section has a cleaning contract of its own besides the town's."""
HANGZHOU_WEST_LAKE = (120.1440, 30.2460)

SKEW = dt.timedelta(seconds=-73)
"""The phone's wall clock is slow. Corrected times must not be."""

_UNITS = {
    "municipal": ("urgent_hours", "working_hours", "working_days"),
    "greening": ("working_days", "working_hours", "urgent_hours"),
    "sanitation": ("working_hours", "working_days", "urgent_hours"),
    "cleaning": ("working_hours", "working_days"),
    "enforcement": ("calendar_days", "working_days"),
    "other": ("urgent_hours", "working_days"),
}
_EXTRA = {"330113003": "enforcement", "330113002": "other", "330113005": "enforcement", "330113007": "other"}
_TRACK_POINTS = 1200
_CHUNKS = 9


@dataclass(frozen=True)
class Boot:
    """A time between two starts of the phone. `anchored`: it met true time (GNSS) right after starting."""

    name: str
    start: dt.datetime
    anchored: bool


@dataclass(frozen=True)
class Sight:
    """One finding to be recorded. `true` is its place in WGS-84; `place` is what the phone sends."""

    at: dt.datetime
    category: dict[str, Any]
    condition: int | None
    trade: str
    severity: int
    true: Point
    place: dict[str, Any]
    address: str
    note: str
    photos: int
    town: str | None
    special: Special = ""


@dataclass(frozen=True)
class Day:
    """A day of work from `start` to `end`; `track` are chunks of points `[lon, lat, accuracy_m, at]`, each with when it is complete."""

    start: dt.datetime
    end: dt.datetime
    boots: tuple[Boot, ...]
    sights: tuple[Sight, ...]
    track: tuple[tuple[dt.datetime, list[list[Any]]], ...]
    visited: tuple[str, ...]


class DayClock:
    """The phone's clocks on that day, and from its last boot on until now. Set `at` to be then; None is now."""

    def __init__(self, boots: Sequence[Boot]) -> None:
        self._boots = boots
        self.at: dt.datetime | None = None

    def now(self) -> Moment:
        """What the clocks say at the moment set: the wall clock is slow by SKEW, the monotonic one is right."""
        true = self.at or dt.datetime.now(LOCAL)
        boot = [boot for boot in self._boots if boot.start <= true][-1]
        return Moment(true + SKEW, boot.name, round((true - boot.start) / dt.timedelta(milliseconds=1)))


def boots_of(date: dt.date) -> tuple[Boot, ...]:
    """In the morning with a fix; after an empty battery half an hour without one; after the next start until now."""
    return (
        Boot("a7", _at(date, 7, 31), anchored=True),
        Boot("b2", _at(date, 13, 5), anchored=False),
        Boot("c9", _at(date, 13, 45), anchored=True),
    )


def expected_quality(at: dt.datetime, boots: Sequence[Boot]) -> str:
    """How the server can know the time of something done then, told today during the last boot."""
    boot = [boot for boot in boots if boot.start <= at][-1]
    return "exact" if boot is boots[-1] else "anchored" if boot.anchored else "estimated"


def draw_day(date: dt.date, catalog: dict[str, Any], ground: Ground) -> Day:
    """The day of that date. `catalog` is what GET /catalog answered."""
    chance = random.Random(f"demo day {date}")  # noqa: S311 - a drawing, no secret
    start, end = _at(date, 8, 10), _at(date, 17, 20)
    wishes = list(_wishes(ground, chance))
    step = (end - start - dt.timedelta(minutes=30)) / len(wishes)
    sights = []
    for number, (town, trade, special, true) in enumerate(wishes):
        at = start + dt.timedelta(minutes=12) + step * number + dt.timedelta(seconds=chance.randint(-90, 90))
        sights.append(_sight(catalog, chance, number, at, town, trade, special, true))
    return Day(start, end, boots_of(date), tuple(sights), _track(sights, start, end, chance), (ground.road,))


def _wishes(ground: Ground, chance: random.Random) -> Iterator[tuple[str | None, str, Special, Point]]:
    """Town, trade, what is special about it, and the true place, in the order of the walk."""
    specials: dict[tuple[str, str], Special] = {
        GAP: "gap",
        SUCCEEDED: "succeeded",
        ("330113003", "cleaning"): "amended",
        ("330113003", "greening"): "photo_later",
        ("330113004", "municipal"): "withdrawn",
        ("330113005", "cleaning"): "no_condition",
        ("330113007", "sanitation"): "note_before",
        **{(town, "municipal"): "corner" for town in CORNERS_IN},
    }
    for town in ROUTE:
        for trade in ("municipal", "greening", "sanitation", "cleaning"):
            special = specials.get((town, trade), "")
            true = chance.choice(ground.corners[town]) if special == "corner" else ground.inside(town, chance)
            yield town, trade, special, true
        if town in _EXTRA:
            yield town, _EXTRA[town], "", ground.inside(town, chance)
        if town == "330113001":
            yield town, "cleaning", "overlap", ground.on_road
            yield town, "sanitation", "unknown_category", ground.inside(town, chance)
        if town == "330113007":
            yield None, "municipal", "outside", ground.outside
    yield None, "cleaning", "outside", HANGZHOU_WEST_LAKE


def _sight(  # noqa: PLR0917 - a wish and what it needs to come true
    catalog: dict[str, Any],
    chance: random.Random,
    number: int,
    at: dt.datetime,
    town: str | None,
    trade: str,
    special: Special,
    true: Point,
) -> Sight:
    category, condition = _category(catalog, chance, trade, _UNITS[trade][number % len(_UNITS[trade])])
    named = {"kind": category["kind"], "code": category["code"], "edition": category["edition"]}
    if special == "unknown_category":
        named = {"kind": "event", "code": "99999"}
    asked = None if special in {"no_condition", "unknown_category"} else condition["number"]
    return Sight(
        at=at,
        category=named,
        condition=asked,
        trade=trade,
        severity=3 if (condition["limit"] or {}).get("unit") == "urgent_hours" else chance.choice((1, 2)),
        true=true,
        place=_place(true, special, chance, number),
        address=f"演示路 {chance.randint(1, 400)} 号" if special != "overlap" else f"{ROAD} 88 号",
        note=f"{category['name']['zh']}：{condition['text'] or '其他'}",
        photos={"photo_later": 1, "unknown_category": 1, "corner": 3}.get(special, 2),
        town=town,
        special=special,
    )


def _category(catalog: dict[str, Any], chance: random.Random, trade: str, unit: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A category of the trade with a condition whose limit has this unit; of any unit where there is none."""
    of_trade = [
        (category, condition) for category in catalog["categories"] if category["trade"] == trade for condition in category["conditions"]
    ]
    fitting = [each for each in of_trade if (each[1]["limit"] or {}).get("unit") == unit]
    return chance.choice(fitting or of_trade)


def _place(true: Point, special: Special, chance: random.Random, number: int) -> dict[str, Any]:
    """As the sensor has it, or as every third time as a map SDK shows it. Corners stay as the server told them."""
    lon, lat = true
    datum, provider = "WGS-84", "gnss"
    if special == "overlap" or (number % 3 == 1 and special != "corner"):
        (lon, lat), datum, provider = gcj02(lon, lat), "GCJ-02", "map"
    accuracy, age = round(chance.uniform(3, 15), 1), chance.randint(0, 5)
    place = {"lon": round(lon, 7), "lat": round(lat, 7), "datum": datum, "accuracy_m": accuracy}
    return {**place, "provider": provider, "fix_age_s": age, "mock": False}


def _track(
    sights: Sequence[Sight], start: dt.datetime, end: dt.datetime, chance: random.Random
) -> tuple[tuple[dt.datetime, list[list[Any]]], ...]:
    """Where the phone was every half minute, between one finding and the next; those far outside were not walked to."""
    stops = [(sight.at, sight.true) for sight in sights if sight.town is not None]
    stops = [(start, stops[0][1]), *stops, (end, stops[-1][1])]
    points = []
    leg = 0
    for number in range(_TRACK_POINTS):
        at = start + (end - start) * number / (_TRACK_POINTS - 1)
        while leg < len(stops) - 2 and stops[leg + 1][0] < at:
            leg += 1
        (t1, (x1, y1)), (t2, (x2, y2)) = stops[leg], stops[leg + 1]
        share = min(1.0, max(0.0, (at - t1) / (t2 - t1)))
        lon, lat = x1 + (x2 - x1) * share + chance.gauss(0, 2e-5), y1 + (y2 - y1) * share + chance.gauss(0, 2e-5)
        points.append((at, [round(lon, 6), round(lat, 6), round(chance.uniform(3, 12), 1), (at + SKEW).isoformat(timespec="seconds")]))
    size = -(-_TRACK_POINTS // _CHUNKS)
    chunks = [points[first : first + size] for first in range(0, _TRACK_POINTS, size)]
    return tuple((chunk[-1][0], [point for _, point in chunk]) for chunk in chunks)


def _at(date: dt.date, hour: int, minute: int) -> dt.datetime:
    return dt.datetime(date.year, date.month, date.day, hour, minute, tzinfo=LOCAL)
