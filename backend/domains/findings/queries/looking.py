"""Who is to look at a finding on site: by place and load among those on duty, and whose task has to go to somebody else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Actor
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.tasks import OPEN, VerificationTask
from backend.domains.findings.model.work import Dispatch, Report
from backend.domains.findings.queries import work
from backend.domains.findings.queries.tasks import loads_of, needs_of_looks
from backend.domains.findings.rules import tasks as rules
from backend.domains.findings.rules.duty import may_rule
from backend.domains.findings.rules.moves import Move
from backend.domains.findings.rules.moving import allowed
from backend.domains.findings.rules.tasks import Candidate, Need, Phase
from backend.domains.identity import queries as identity
from backend.domains.patrols.queries import rosters, shifts

LOOKERS = Move("verify_finding", (), "", ("inspector",))
"""Who may look: an inspector of the finding's area."""

_MOMENT = dt.timedelta(microseconds=1)


def choose_looker(session: Session, finding: UUID, *, at: dt.datetime) -> tuple[UUID | None, str]:
    """Who of those on duty is to look at a finding as it stands, and by what; nobody where nobody may, or where no look is needed.

    By place and load. Never who recorded it before filing, who did the work before closing, or who has declined to look.
    """
    row = session.get(Finding, finding)
    needs = needs_of_looks(session, row) if row is not None else []
    if row is None or not needs:
        return None, "nobody"
    near: dict[UUID, rules.Nearness] = {}
    for duty in rosters.duties(session, at=at):
        found = rules.nearness(duty.place.grids, grid=row.grid, community=row.community, town=row.town)
        if found is not None and (duty.person not in near or rules.NEARNESS.index(found) < rules.NEARNESS.index(near[duty.person])):
            near[duty.person] = found
    fit = _fit(session, row, needs, sorted(near.keys() - _declined(session, row.id, needs)), at)
    loads = loads_of(session, fit)
    chosen = rules.choose(Candidate(person, near[person], loads[person]) for person in fit)
    return (chosen.person, chosen.near) if chosen is not None else (None, "nobody")


def next_holder(session: Session, task: UUID, *, at: dt.datetime) -> tuple[UUID | None, str] | None:
    """To whom an open task is to go now, and by what; None where it stays as it is.

    It leaves who is absent or no inspector of the place any more, and who has been off duty for a while where somebody else is on duty.
    Who was named at the desk keeps it off duty, too.
    """
    row = session.get(VerificationTask, task)
    finding = session.get(Finding, row.finding) if row is not None else None
    if row is None or finding is None or row.state != "open":
        return None
    need = [Need(cast("Phase", row.phase), row.report)]
    chosen = None
    if row.assigned_to is not None:
        gone = not is_fit(session, finding, need, row.assigned_to, at=at) or bool(
            shifts.absences_of(session, row.assigned_to, at, at + _MOMENT)
        )
        if not gone:
            if row.why == "named" or any(_is_on_duty(session, row.assigned_to, moment) for moment in (at, at - rules.OFF_DUTY_FOR)):
                return None
            chosen = choose_looker(session, finding.id, at=at)
            return chosen if chosen[0] not in (None, row.assigned_to) else None
        chosen = choose_looker(session, finding.id, at=at)
        return chosen if chosen[0] != row.assigned_to else (None, "nobody")
    chosen = choose_looker(session, finding.id, at=at)
    return chosen if chosen[0] is not None else None


def is_fit(session: Session, row: Finding, needs: Collection[Need], person: UUID, *, at: dt.datetime) -> bool:
    """Whether somebody may give these looks: an inspector of the place who neither recorded it nor did the work."""
    return bool(_fit(session, row, needs, [person], at))


def _fit(session: Session, row: Finding, needs: Collection[Need], people: Sequence[UUID], at: dt.datetime) -> list[UUID]:
    if not people:
        return []
    held = identity.grants_of_all(session, people, at)
    before_filing = any(need.phase == "pre_filing" for need in needs)
    doers, units = _doers(session, row.id, needs)
    return [
        person
        for person in people
        if not (before_filing and person == row.recorded_by) and _may_look(Actor(person, "", "", held[person]), row, doers, units)
    ]


def _may_look(actor: Actor, row: Finding, doers: Collection[UUID], units: Collection[tuple[UUID, str]]) -> bool:
    return may_rule(actor, doers, units) and allowed(LOOKERS, actor, row)


def _doers(session: Session, finding: UUID, needs: Collection[Need]) -> tuple[set[UUID], set[tuple[UUID, str]]]:
    """Who did the work that these looks are at, and their units."""
    reports = [need.report for need in needs if need.report is not None]
    if not reports:
        return set(), set()
    query = sa.select(Dispatch.unit, Dispatch.unit_kind).join(Report, Report.dispatch == Dispatch.id).where(Report.id.in_(reports))
    return work.doers_of(session, finding), {(unit, kind) for unit, kind in session.execute(query)}


def _declined(session: Session, finding: UUID, needs: Collection[Need]) -> set[UUID]:
    """Who has declined one of these looks."""
    query = sa.select(VerificationTask).where(VerificationTask.finding == finding, VerificationTask.moved == "declined")
    wanted = {(need.phase, need.report) for need in needs}
    return {each.assigned_to for each in session.scalars(query) if each.assigned_to is not None and (each.phase, each.report) in wanted}


def _is_on_duty(session: Session, person: UUID, at: dt.datetime) -> bool:
    return any(duty.person == person for duty in rosters.duties(session, at=at))


def list_movable(session: Session, *, at: dt.datetime, after: UUID | None, limit: int) -> list[UUID]:
    """Open tasks that may have to go to somebody else, in order of id after this one: `next_holder` decides.

    Those of who is absent; where somebody is on duty in the town also those of nobody, and of who is off duty and was not named.
    """
    duties = rosters.duties(session, at=at)
    lately = {duty.person for duty in (*duties, *rosters.duties(session, at=at - rules.OFF_DUTY_FOR))}
    towns = {grid[:9] for duty in duties for grid in duty.place.grids}
    away = {each.person for each in shifts.absences_within(session, at, at + _MOMENT)}
    free = sa.or_(
        VerificationTask.assigned_to.is_(None),
        sa.and_(VerificationTask.assigned_to.not_in(sorted(lately)), VerificationTask.why != "named"),
    )
    movable = sa.or_(VerificationTask.assigned_to.in_(sorted(away)), sa.and_(Finding.town.in_(sorted(towns)), free))
    query = sa.select(VerificationTask.id).join(Finding, Finding.id == VerificationTask.finding)
    query = query.where(OPEN, movable)
    if after is not None:
        query = query.where(VerificationTask.id > after)
    return list(session.scalars(query.order_by(VerificationTask.id).limit(limit)))


def list_unneeded(session: Session, *, limit: int) -> list[UUID]:
    """Findings that have an open task and wait for no look any more."""
    query = sa.select(VerificationTask.finding).join(Finding, Finding.id == VerificationTask.finding)
    query = query.where(OPEN, Finding.state.not_in(sorted(rules.NEEDING_A_LOOK)))
    return list(dict.fromkeys(session.scalars(query.order_by(VerificationTask.id).limit(limit))))


def list_without_task(session: Session, *, limit: int) -> list[UUID]:
    """Findings that wait for a look and have no open task: a reaction was lost, or a look came that decided nothing."""
    has = sa.exists().where(VerificationTask.finding == Finding.id, OPEN)
    found: list[UUID] = []
    for state in rules.NEEDING_A_LOOK:  # each by itself, in the order of the index by state
        waits = (Finding.state == state, Finding.disputed.is_(False), ~has)
        found += session.scalars(sa.select(Finding.id).where(*waits).order_by(Finding.recorded_at, Finding.id).limit(limit))
    return found
