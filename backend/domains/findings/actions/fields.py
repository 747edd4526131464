"""The fields of a finding, written from all that was claimed of them: for amendments and for the desk's decisions alike."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import add_row, lock_row, write
from backend.domains.catalog import queries as catalog
from backend.domains.findings.actions.placing import bind_contract, place_finding, take_category
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.notes import Proposal
from backend.domains.findings.model.work import AreaSuspension, Dispatch
from backend.domains.findings.queries import work
from backend.domains.findings.queries.one import has_verdict_dispute
from backend.domains.findings.queries.proposals import open_proposals, present_value
from backend.domains.findings.rules.amending import BINDING
from backend.domains.findings.rules.claims import ALONE, Claim, State, Track, alike, category_key, decided
from backend.domains.findings.rules.holds import area_holds, area_holds_until
from backend.domains.findings.rules.settling import Settled, fix_categories, settle, shorten

_PAIR = ("category", "condition")
_VERSIONS = "versions"
_MOST_VERSIONS = 200


@dataclass(slots=True)
class Fields:
    """The tracks of the fields that somebody is about to write."""

    session: Session
    row: Finding
    tracks: dict[str, Track]

    @classmethod
    def of(cls, session: Session, row: Finding, names: Iterable[str]) -> Fields:
        """The tracks of these fields; category and condition come together."""
        wanted = list(dict.fromkeys(each for name in names for each in (_PAIR if name in _PAIR else (name,))))
        fields = cls(session, row, {})
        known = {name: row.writes[name] for name in wanted if "bases" in row.writes.get(name, {})}
        new = [name for name in wanted if name not in known]
        proposed = open_proposals(session, row.id, names=new) if new and row.disputed else []
        for name in wanted:
            own = [_claim_of(each) for each in proposed if each.field == name]
            fields.tracks[name] = Track.read(known[name]) if name in known else fields._begun(name, own)
        fields._meet_decisions()
        return fields

    def holds(self, category: str, condition: int) -> bool:
        """Whether the category (`kind:code`) has this condition."""
        kind, _, code = category.partition(":")
        held = catalog.catalogue(self.session)
        found = held.resolve(kind, code, at=self.row.recorded_at)
        return found is not None and condition in found[0].conditions

    def settled(self) -> Settled:
        """What the fields come to."""
        return settle(self.tracks, author=self.row.recorded_by, holds=self.holds)

    def decide(self, name: str, value: Any, *, left: Iterable[Claim] = (), category: str | None = None) -> None:
        """From now on the field is this, whatever was claimed before; `left` are the proposals that stay open."""
        track = self.tracks[name]
        if name == "condition":
            assert category is not None, "a condition is a category's"
            chosen_for = self.settled().chosen_for
            track.claims = [each for each in track.claims if chosen_for[each.id] != category]
            track.bases[category] = decided(value, proposals=left)
        else:
            if name == "category":
                fix_categories(self.tracks, self.settled())
            self.tracks[name] = Track({ALONE: decided(value, proposals=left)})

    def put(self, at: dt.datetime) -> list[str]:
        """Write what the fields come to, with all that follows from it, as of `at`. Returns the fields that changed."""
        row, settled = self.row, self.settled()
        shorten(self.tracks, author=row.recorded_by, holds=self.holds)
        row.writes = {**row.writes, **{name: track.plain() for name, track in self.tracks.items()}}
        # Compared whole: of two who named the same place, what the sensor said is that of whose claim stands.
        changed = [name for name in self.tracks if settled.value(name) != present_value(row, name)]
        reach = row.trade, row.district, row.town, row.community
        wide = work.list_area_suspensions(self.session, row) if row.units and {"category", "place"} & set(changed) else ()
        if {"category", "condition"} & set(changed):
            named = settled.value("category")
            category = catalog.catalogue(self.session).find(named["kind"], named["code"], named["edition"])
            assert category is not None, "editions are never taken away"
            take_category(row, category, settled.value("condition"))
        for name in changed:
            if name == "place":
                place_finding(self.session, row, settled.value(name))
            elif name not in _PAIR:
                setattr(row, name, settled.value(name))
        if row.units and reach != (row.trade, row.district, row.town, row.community):
            self._keep_area_holds(wide, at)
        if (BINDING - {"condition"}) & set(changed):
            awaiting = row.awaiting_contract
            bind_contract(self.session, row)
            if row.units:  # it has been dispatched: whoever has it keeps it
                row.awaiting_contract = awaiting
        return changed

    def settle_proposals(self, act: Act) -> tuple[list[Proposal], list[Proposal]]:
        """Keep the rows of open proposals and the flag `disputed` with what is proposed now. Returns the new rows and those settled."""
        session, row, settled = self.session, self.row, self.settled()
        wanted = {(name, _key(name, claim)): claim for name in self.tracks for claim in settled.proposals(name)}
        if not wanted and not row.disputed:
            return [], []
        present = open_proposals(session, row.id)
        begun, ended = [], []
        for proposal in present:
            name = proposal.field
            if name not in self.tracks or wanted.pop((name, _key(name, _claim_of(proposal))), None) is not None:
                continue
            same = alike(name, proposal.value) == alike(name, settled.value(name))
            settle_proposal(act, proposal, choice="take" if same else "overtaken")
            ended.append(proposal)
        for (name, _), claim in wanted.items():
            proposal = Proposal(
                id=act.new_id(),
                finding=row.id,
                field=name,
                seen=claim.seen,
                value=claim.value,
                proposed_by=claim.by,
                proposed_at=claim.at,
                op=claim.op,
            )
            begun.append(add_row(session, proposal))
        if len(present) > len(ended) or begun:
            row.disputed = True
        elif row.disputed:
            write(session)
            row.disputed = has_verdict_dispute(session, row.id)
        return begun, ended

    def note_version(self, act: Act) -> None:
        """Remember whose doing the finding's new version is."""
        versions = row_versions(self.row)
        replica = str(act.replica) if act.replica else None
        self.row.writes = {**self.row.writes, _VERSIONS: [*versions, [self.row.version, replica]][-_MOST_VERSIONS:]}

    def _keep_area_holds(self, wide: Sequence[AreaSuspension], at: dt.datetime) -> None:
        """Other area-wide suspensions reach its dispatches from now on; what held them until now was by the trade and place it had."""
        write(self.session)
        for each in work.list_dispatches(self.session, self.row.id):
            task = lock_row(self.session, Dispatch, each.id)
            assert task is not None, "just found"
            holds = area_holds(wide, since=task.wide_since, before=task.wide_before)
            task.wide_since, task.wide_before = at, area_holds_until(at, holds)

    def _begun(self, name: str, proposals: list[Claim]) -> Track:
        base = State(present_value(self.row, name), proposals=tuple(proposals))
        return Track({_own_key(self.row) if name == "condition" else ALONE: base})

    def _meet_decisions(self) -> None:
        """A field that a move of the desk wrote meanwhile (a condition given at filing) was decided by it."""
        settled = self.settled()
        for name in self.tracks:
            present = present_value(self.row, name)
            if alike(name, settled.value(name)) != alike(name, present):
                left = settled.proposals(name)
                self.decide(name, present, left=left, category=_own_key(self.row) if name == "condition" else None)
                settled = self.settled()


def decide_condition(session: Session, act: Act, row: Finding, condition: int | None) -> None:
    """The desk gives the condition of the present category in a move of its own: who has not seen that can only propose another."""
    fields = Fields.of(session, row, ["condition"])
    fields.decide("condition", condition, category=_own_key(row))
    fields.put(act.at)


def row_versions(row: Finding) -> list[list[Any]]:
    """`[version, replica]` of the versions that amendments and decisions made; replica None: the desk's."""
    found: list[list[Any]] = row.writes.get(_VERSIONS, [])
    return found


def settle_proposal(act: Act, proposal: Proposal, *, choice: str) -> None:
    """It is open no more: keep, take or merge of the desk; `overtaken` where what came later left nothing to decide."""
    proposal.resolved_at, proposal.resolved_by, proposal.choice = act.at, act.actor.person, choice


def _own_key(row: Finding) -> str:
    return category_key({"kind": row.kind, "code": row.code})


def _claim_of(proposal: Proposal) -> Claim:
    return Claim(
        id=str(proposal.op or proposal.id),
        by=proposal.proposed_by,
        at=proposal.proposed_at,
        seen=proposal.seen,
        value=proposal.value,
        op=proposal.op,
        held=True,
    )


def _key(name: str, claim: Claim) -> tuple[str, str, str]:
    return str(claim.by), str(claim.op), orjson.dumps(alike(name, claim.value)).decode()
