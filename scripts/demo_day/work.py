"""The inspector does the day on the phone, offline: every deed goes into the outbox, every photo into the album."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

from scripts.demo_day.day import SKEW, Day, DayClock, Sight
from scripts.demo_day.scene import Shot, draw
from tests.phone.clock import LOCAL, Anchor
from tests.phone.ids import uuid7
from tests.phone.phone import Phone

_AFTERWARDS = {"amended", "withdrawn", "photo_later", "note_before"}
_OPEN, _TRACK, _FIND, _AFTER, _CLOSE = range(5)


def work(phone: Phone, clock: DayClock, day: Day, photos: Path) -> None:
    """Do the whole day in the order of time. Needs no net."""
    photos.mkdir(parents=True, exist_ok=True)
    patrol = str(uuid7())
    ids = {sight.at: (str(uuid7()), str(uuid7())) for sight in day.sights}
    deeds: list[tuple[dt.datetime, int, Any]] = [(day.start, _OPEN, None), (day.end, _CLOSE, None)]
    deeds += [(at, _TRACK, number) for number, (at, _) in enumerate(day.track)]
    deeds += [(sight.at, _FIND, sight) for sight in day.sights]
    deeds += [(sight.at + dt.timedelta(minutes=3), _AFTER, sight) for sight in day.sights if sight.special in _AFTERWARDS]
    for boot in day.boots:
        if boot.anchored:
            phone.outbox.anchor(Anchor(boot.name, 120_000, boot.start + dt.timedelta(seconds=120), "gnss"))
    for at, kind, what in sorted(deeds, key=lambda deed: deed[:2]):
        clock.at = at
        if kind == _OPEN:
            phone.do("open_patrol", "patrol", patrol, {"planned": None})
        elif kind == _TRACK:
            phone.do("append_track", "patrol", patrol, {"chunk": what, "datum": "WGS-84", "points": day.track[what][1]})
        elif kind == _FIND:
            finding, op = ids[what.at]
            payload = _finding(phone, patrol, what, photos)
            phone.do("record_finding", "finding", finding, payload, op=op)
        elif kind == _AFTER:
            _afterwards(phone, what, *ids[what.at], photos)
        else:
            phone.do("close_patrol", "patrol", patrol, {"visited": list(day.visited)})
    clock.at = None


def _finding(phone: Phone, patrol: str, sight: Sight, photos: Path) -> dict[str, Any]:
    return {
        "patrol": patrol,
        "category": sight.category,
        "condition": sight.condition,
        "asset": None,
        "address": sight.address,
        "place": sight.place,
        "severity": sight.severity,
        "note": sight.note,
        "photos": [_photo(phone, sight, number, photos) for number in range(sight.photos)],
    }


def _afterwards(phone: Phone, sight: Sight, finding: str, op: str, photos: Path) -> None:
    """What is done with a finding some minutes later."""
    if sight.special == "amended":
        phone.do("amend_finding", "finding", finding, {"fields": {"note": {"seen": sight.note, "value": f"{sight.note}（面积已量）"}}})
    elif sight.special == "withdrawn":
        phone.do("withdraw_finding", "finding", finding, {"reason": "看错了，养护人员已在现场作业"})
    elif sight.special == "photo_later":
        late = replace(sight, at=sight.at + dt.timedelta(minutes=3))
        phone.do("add_photo", "finding", finding, _photo(phone, late, sight.photos, photos))
    else:
        phone.do("add_note", "finding", finding, {"text": "居民反映此处问题反复出现"}, deps=[op])


def _photo(phone: Phone, sight: Sight, number: int, photos: Path) -> dict[str, Any]:
    """Take a photo: draw it, keep its bytes, and return its declaration."""
    taken = sight.at + dt.timedelta(seconds=20 * (number + 1)) + SKEW
    words = (f"{sight.category['kind']}:{sight.category['code']}  {sight.trade}", f"{taken.astimezone(LOCAL):%Y-%m-%d %H:%M:%S}")
    seed = f"{phone.store['install_id']} {sight.at} {number}"  # another phone takes other pictures of the same thing
    content = draw(Shot(seed, sight.trade, words, taken, *sight.true, turned=number % 2 == 1))
    path = photos / f"{sight.at:%H%M%S}-{number}.jpg"
    path.write_bytes(content)
    return {**phone.album.keep(path), "role": "before", "taken_at": taken.isoformat(timespec="seconds")}
