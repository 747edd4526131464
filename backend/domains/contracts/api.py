"""Endpoints of contracts and of the responsibility matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from backend.core import cursors
from backend.core.http.api import Blueprint
from backend.core.http.callers import caller, here
from backend.core.perform import perform, reading
from backend.domains.catalog.rules.administering import CategoryMissing
from backend.domains.contracts import actions, queries
from backend.domains.contracts.model import Contract, Coverage, Responsibility, Section
from backend.domains.contracts.rules.visibility import CONTRACTORS, OFFICE, contractors_seen
from backend.domains.contracts.schemas.contracts import (
    AddCoverage,
    AddSection,
    ContractDoc,
    ContractsPage,
    ContractWithSections,
    CoverageDoc,
    ListContracts,
    SectionDoc,
    SignContract,
    TerminateContract,
)
from backend.domains.contracts.schemas.matching import CoverageReportDoc, CoverageReportQuery, MatchAnswer, MatchQuery
from backend.domains.contracts.schemas.matrix import AssignResponsibility, ListResponsibilities, ResponsibilitiesList, ResponsibilityDoc
from backend.domains.territory.rules.territory import local_day

blueprint = Blueprint("contracts", __name__, description="Contracts, what they cover, and who answers where none does")
blueprints = [blueprint]


@blueprint.get("/contracts/match")
@caller(*OFFICE)
@blueprint.refuses(CategoryMissing)
@blueprint.arguments(MatchQuery(), location="query")
@blueprint.response(200, MatchAnswer())
def match_contract(query: dict[str, Any]) -> dict[str, Any]:
    """Which contract answers for a category at a place and moment, with its reason, the runner-up and everything it rests on."""
    session, act = here()
    with reading(session):
        return queries.match_place(session, **{**query, "at": query["at"] or act.at})


@blueprint.get("/contracts/coverage-report")
@caller(*OFFICE)
@blueprint.arguments(CoverageReportQuery(), location="query")
@blueprint.response(200, CoverageReportDoc())
def report_coverage(query: dict[str, Any]) -> dict[str, Any]:
    """Gaps and overlaps of a trade's area coverages, community by community."""
    session, act = here()
    day = query["on"] or local_day(act.at)
    with reading(session):
        return {"trade": query["trade"], "on": day, "items": queries.coverage_report(session, trade=query["trade"], day=day)}


@blueprint.get("/contracts")
@caller(*OFFICE, *CONTRACTORS)
@blueprint.arguments(ListContracts(), location="query")
@blueprint.response(200, ContractsPage())
def list_contracts(query: dict[str, Any]) -> dict[str, Any]:
    """Contracts in order of number; a contractor sees its own."""
    session, act = here()
    after = cursors.unpack("contracts", query["cursor"], cursors.text)
    limit = query["limit"]
    with reading(session):
        rows = queries.list_contracts(
            session, contractors=contractors_seen(act.actor), limit=limit + 1, after=after[0] if after else None, on=query["on"]
        )
    return {"items": rows[:limit], "next": cursors.pack("contracts", rows[limit - 1].number) if len(rows) > limit else None}


@blueprint.post("/contracts")
@caller("administrator")
@blueprint.arguments(SignContract())
@blueprint.response(201, ContractDoc())
def sign_contract(payload: dict[str, Any]) -> Contract:
    """Enter a signed contract."""
    session, act = here()
    return perform(session, act, actions.sign_contract, **payload)


@blueprint.get("/contracts/<uuid:contract>")
@caller(*OFFICE, *CONTRACTORS)
@blueprint.response(200, ContractWithSections())
def get_contract(contract: UUID) -> dict[str, Any]:
    """A contract with its sections and coverages; a contractor sees its own."""
    session, act = here()
    with reading(session):
        row = queries.get_contract(session, contract, contractors=contractors_seen(act.actor))
        sections = queries.sections_of(session, [contract])[contract]
        return {
            **{name: getattr(row, name) for name in ContractDoc().fields},
            "sections": [_with_coverage(section, coverages) for section, coverages in sections],
        }


@blueprint.post("/contracts/<uuid:contract>/termination")
@caller("administrator")
@blueprint.arguments(TerminateContract())
@blueprint.response(200, ContractDoc())
def terminate_contract(payload: dict[str, Any], contract: UUID) -> Contract:
    """End a contract before its term."""
    session, act = here()
    return perform(session, act, actions.terminate_contract, contract=contract, **payload)


@blueprint.post("/contracts/<uuid:contract>/sections")
@caller("administrator")
@blueprint.arguments(AddSection())
@blueprint.response(201, SectionDoc())
def add_section(payload: dict[str, Any], contract: UUID) -> Section:
    """Add a section to a contract."""
    session, act = here()
    return perform(session, act, actions.add_section, contract=contract, **payload)


@blueprint.post("/contracts/sections/<uuid:section>/coverage")
@caller("administrator")
@blueprint.arguments(AddCoverage())
@blueprint.response(201, CoverageDoc())
def add_coverage(payload: dict[str, Any], section: UUID) -> Coverage:
    """Say what a section maintains."""
    session, act = here()
    return perform(session, act, actions.add_coverage, section=section, **payload)


@blueprint.get("/responsibilities")
@caller(*OFFICE)
@blueprint.arguments(ListResponsibilities(), location="query")
@blueprint.response(200, ResponsibilitiesList())
def list_responsibilities(query: dict[str, Any]) -> dict[str, Sequence[Responsibility]]:
    """The responsibility matrix."""
    session, _ = here()
    with reading(session):
        return {"items": queries.list_responsibilities(session, **query)}


@blueprint.post("/responsibilities")
@caller("administrator")
@blueprint.arguments(AssignResponsibility())
@blueprint.response(201, ResponsibilityDoc())
def assign_responsibility(payload: dict[str, Any]) -> Responsibility:
    """Write a line of the responsibility matrix."""
    session, act = here()
    return perform(session, act, actions.assign_responsibility, **payload)


def _with_coverage(section: Section, coverages: list[Coverage]) -> dict[str, Any]:
    return {**{name: getattr(section, name) for name in SectionDoc().fields}, "coverage": coverages}
