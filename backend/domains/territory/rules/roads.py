"""Road segments: the second kind of responsibility area, a line with a section (as on 东湖中路)."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from shapely.geometry import LineString

from backend.core.problems import Invalid

_CODE = re.compile(r"[0-9A-Za-z_-]{1,40}", re.ASCII)


@dataclass(frozen=True, slots=True)
class RoadSegment:
    """One section of a road. Line in WGS-84 degrees; in force from `valid_from` until the day before `valid_until` (None: without end)."""

    code: str
    name: str
    section: int
    line: LineString
    valid_from: dt.date
    valid_until: dt.date | None = None
    note: str = ""
    illustrative: bool = False


class RoadFaults(Invalid):
    """Road segments that cannot be taken: nothing of them is imported. `codes` lists the offending ones."""

    slug = "road_faults"
    title = "The road segments cannot be taken"
    title_zh = "路段数据不符合要求"
    way_out = "Correct the segments listed under errors in the source and import them again; nothing was changed."
    way_out_zh = "请在源数据中更正 errors 所列路段后重新导入；数据未作任何改动。"


def refuse_roads(segments: Sequence[RoadSegment]) -> None:
    """Raises one RoadFaults with every fault of the set: code, name, section, dates, line, a code used twice."""
    faults = [(segment.code, why) for segment in segments for why in _faults(segment)]
    times = Counter(segment.code for segment in segments)
    faults += [(code, "the code is used twice") for code in sorted(times) if times[code] > 1]
    _refuse(faults)


def refuse_later(segments: Sequence[RoadSegment], starts: Mapping[str, Collection[dt.date]]) -> None:
    """Raises RoadFaults for segments of which a version that begins later is there already and would hold on the same days.

    `starts` are the first days of the versions there are, by code.
    """
    faults = []
    for segment in segments:
        later = [day for day in starts.get(segment.code, ()) if day > segment.valid_from]
        if later and (segment.valid_until is None or min(later) < segment.valid_until):
            faults.append((segment.code, f"valid_until: a version from {min(later)} is there already; end this one by then"))
    _refuse(faults)


def _refuse(faults: Sequence[tuple[str, str]]) -> None:
    if faults:
        wrong = sorted({code for code, _ in faults})
        raise RoadFaults(
            f"{len(faults)} faults in {len(wrong)} segments: {', '.join(wrong[:20])}",
            errors=[(f"/roads/{code.replace('~', '~0').replace('/', '~1')}", why) for code, why in faults],
            codes=wrong,
        )


def _faults(segment: RoadSegment) -> Iterator[str]:
    if not _CODE.fullmatch(segment.code):
        yield f"code: {segment.code[:40]!r} is not 1 to 40 letters, digits, - or _"
    if not segment.name.strip():
        yield "name: is empty"
    if segment.section < 1:
        yield f"section: {segment.section} is below 1"
    if segment.valid_until is not None and segment.valid_until <= segment.valid_from:
        yield f"valid_until: {segment.valid_until} is not after valid_from {segment.valid_from}"
    if segment.line.is_empty or not segment.line.is_valid or segment.line.length == 0:
        yield "line: is no line of at least two different positions"
        return
    west, south, east, north = segment.line.bounds
    if west < -180 or east > 180 or south < -90 or north > 90:
        yield "line: is not in degrees of longitude and latitude"
