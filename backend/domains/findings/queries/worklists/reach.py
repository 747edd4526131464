"""A reader's own part of a worklist, as branches: each is a set of conditions that an index answers in order, all together are the list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from backend.core.act import Actor, Grant
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.hands import HandOver, Supervision
from backend.domains.findings.model.tasks import VerificationTask
from backend.domains.findings.model.work import Dispatch, DispatchRequest
from backend.domains.findings.model.worklists import Condition, each, unindexed
from backend.domains.findings.queries.worklists.kinds import Reader, Worklist

KINDS: Mapping[str, Any] = {
    "finding": Finding,
    "dispatch": Dispatch,
    "request": DispatchRequest,
    "task": VerificationTask,
    "demand": Supervision,
    "hand_over": HandOver,
}
"""What a list may be of."""
NOBODYS: Mapping[str, Any] = {"task": VerificationTask.assigned_to, "demand": Supervision.unit}
"""The column that says whose a row is; null: nobody's in particular."""
LEVELS: Mapping[int, Any] = {6: Finding.district, 9: Finding.town, 12: Finding.community, 15: Finding.grid}


def branches_of(
    worklist: Worklist, actor: Actor, reader: Reader, filters: Mapping[str, Any], *, only_indexed: bool = False
) -> list[list[Condition]]:
    """The conditions of each branch: the reader's reach, what the list asks for, what was filtered. Empty: nothing is in reach.

    `only_indexed`: without what no index knows.
    """
    where = [*worklist.where(reader), *([] if only_indexed else worklist.also(reader))]
    narrowed = list(_narrowed(filters))
    found = []
    for mine in _reach(worklist, actor):
        own, of_finding = _parted(worklist, mine)
        shared = [*own, *_of_finding(worklist, [*of_finding, *narrowed]), *where]
        found += [[*shared, *one] for one in _alternatives(worklist)]
    return found


def _of_finding(worklist: Worklist, conditions: Sequence[Condition]) -> Sequence[Condition]:
    """Conditions on the finding: as they are where the list is of findings, else asked of each row's own finding."""
    if worklist.rows == "finding" or not conditions:
        return conditions
    return [each(sa.select(Finding.id).where(Finding.id == KINDS[worklist.rows].finding, *conditions))]


def _parted(worklist: Worklist, mine: list[Condition]) -> tuple[list[Condition], list[Condition]]:
    """The conditions of the reach that are on the rows themselves, and those on their findings."""
    if worklist.reach == "nobody":
        return mine[:1], mine[1:]
    return ([], mine) if worklist.reach in {"area", "owner", "recorder"} else (mine, [])


def _alternatives(worklist: Worklist) -> Sequence[Sequence[Condition]]:
    return [[one] for one in worklist.either] or [[]]


def _reach(worklist: Worklist, actor: Actor) -> Iterator[list[Condition]]:
    grants = actor.grants_of(*worklist.roles)
    if worklist.reach == "recorder":
        yield [Finding.recorded_by == actor.person]
    elif worklist.reach == "assignee":
        yield [VerificationTask.assigned_to == actor.person]
    elif worklist.reach == "asker":
        yield [Supervision.asked_by == actor.person]
    elif worklist.reach == "worker":
        yield [Dispatch.worker == actor.person]
    elif worklist.reach in {"unit", "owner"}:
        column = KINDS[worklist.rows].unit if worklist.reach == "unit" else Finding.trade_owner
        for unit in sorted({grant.unit for grant in grants}):
            yield [column == unit]
    else:
        areas = areas_of(grants)
        nobodys = [NOBODYS[worklist.rows].is_(None)] if worklist.reach == "nobody" else []
        for area in sorted(areas):
            if not any(area != other and area.startswith(other) for other in areas):
                yield [*nobodys, *within(area, by_town=worklist.by_town)]


def areas_of(grants: Sequence[Grant]) -> set[str]:
    """The areas of these grants. An inspector of the whole district sees own findings alone: see rules.visibility."""
    return {grant.area for grant in grants if grant.area and not (grant.role == "inspector" and len(grant.area) == 6)}


def within(area: str, *, by_town: bool = False) -> list[Condition]:
    """What lies in the area of this code. `by_town`: named so that an index which begins with the town is taken; else so that none is.

    SQLite would take the index on towns also for lists that have one in their own order, and sort all of the town.
    """
    column = LEVELS[len(area)]
    if len(area) == 6:
        return [column == area]
    if not by_town:
        return [column.like(area)]
    return [Finding.town == area[:9]] + ([column.like(area)] if len(area) > 9 else [])


def _narrowed(filters: Mapping[str, Any]) -> Iterator[Condition]:
    if area := filters.get("area"):
        yield from within(area)
    if trade := filters.get("trade"):
        yield Finding.trade == trade
    if category := filters.get("category"):
        kind, _, code = category.partition(":")
        yield from (unindexed(Finding.kind) == kind, unindexed(Finding.code) == code)
    if severity := filters.get("severity"):
        yield Finding.severity >= severity


def keys_of(worklist: Worklist) -> tuple[Any, Any, Any]:
    """The columns that name a row of the list: itself, its finding, and its dispatch (null where there is none)."""
    kind = KINDS[worklist.rows]
    if kind is Finding:
        return Finding.id, Finding.id, sa.null()
    return kind.id, kind.finding, Dispatch.id if kind is Dispatch else getattr(kind, "dispatch", sa.null())
