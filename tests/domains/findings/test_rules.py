"""The rules of findings, by values alone."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.act import SYSTEM, Actor, Grant
from backend.domains.findings.rules.moves import MOVES
from backend.domains.findings.rules.moving import MoveNotOpen, NotReady, NotYourFinding, StateMoved, check_move, moves_open_to
from backend.domains.findings.rules.needs import FLAGS, needs_of
from backend.domains.findings.rules.visibility import is_outsider, is_visible, scopes_of, scopes_open_to

LIN, ZHAO, WU = uuid4(), uuid4(), uuid4()
STATES = ("recorded", "withdrawn", "filed", "void", "dispatched", "rectified", "verified", "closed", "attached", "self_resolved")
ROLES = ("inspector", "acceptor", "shift_leader", "dispatcher", "liaison", "town_officer", "leader", "auditor", "administrator")


ASKED = {"by": str(LIN)}


@dataclass
class Row:
    state: str = "recorded"
    state_version: int = 3
    recorded_by: UUID = LIN
    district: str = "330113"
    town: str | None = "330113001"
    community: str | None = "330113001001"
    grid: str | None = "330113001001001"
    trade_owner: UUID | None = None
    units: list = field(default_factory=list)
    assigned: list = field(default_factory=list)
    void_request: dict | None = None


def actor(*roles, area="330113", person=None, unit=None, kind="district"):
    return Actor(person or uuid4(), "x", "x", tuple(Grant(role, unit or uuid4(), kind, area) for role in roles))


# Moves


@pytest.mark.parametrize("verb", MOVES)
def test_a_move_is_open_to_its_roles_from_its_states_and_refused_by_name_otherwise(verb):
    move = MOVES[verb]
    for role, state in itertools.product(ROLES, STATES):
        row, who = Row(state, void_request=ASKED if move.pending else None), actor(role)
        if role not in move.by:
            expected = NotYourFinding
        elif state not in move.sources:
            expected = MoveNotOpen
        else:
            assert check_move(verb, who, row, needs=()) is move
            assert verb in moves_open_to(who, row)
            continue
        with pytest.raises(expected):
            check_move(verb, who, row, needs=())
        assert verb not in moves_open_to(who, row)


def test_a_request_to_void_shuts_some_moves_and_opens_others_but_not_to_who_asked():
    zhao, other = actor("acceptor", "shift_leader", "dispatcher", person=LIN), actor("acceptor", "shift_leader", "dispatcher")
    for state in ("recorded", "filed"):
        free, asked = Row(state, recorded_by=WU), Row(state, recorded_by=WU, void_request=ASKED)
        assert set(moves_open_to(other, free)) & {"void_finding", "refuse_void"} == set()
        shut = {
            "file_finding",
            "dispatch_finding",
            "request_void",
            "attach_finding",
            "ask_verification",
            "correct_finding",
            "split_finding",
        }
        assert not set(moves_open_to(other, asked)) & shut
        assert {"void_finding", "refuse_void", "waive_photo"} <= set(moves_open_to(other, asked))
        assert set(moves_open_to(other, asked)) - set(moves_open_to(zhao, asked)) == {"void_finding", "refuse_void"}


@pytest.mark.parametrize(
    ("area", "grid", "may"),
    [
        ("330113", "330113001001001", True),
        ("330113001", "330113001001001", True),
        ("330113001001", "330113001001001", True),
        ("330113002", "330113001001001", False),
        ("33011300100", "330113001001001", True),
        (None, "330113001001001", False),
        ("330113", None, True),
        ("330113001", None, False),
    ],
)
def test_a_role_reaches_as_far_as_its_area(area, grid, may):
    who, row = actor("acceptor", area=area), Row(grid=grid)
    assert ("file_finding" in moves_open_to(who, row)) is may


def test_only_the_recorder_withdraws():
    assert "withdraw_finding" in moves_open_to(actor("inspector", person=LIN), Row())
    assert "withdraw_finding" not in moves_open_to(actor("inspector", "shift_leader", person=WU), Row())


def test_what_is_checked_first_is_told_first():
    row = Row("void")
    for who, version, needs, problem in (
        (actor("leader"), 9, ("photos",), NotYourFinding),
        (actor("acceptor"), 9, ("photos",), StateMoved),
        (actor("acceptor"), 3, ("photos",), MoveNotOpen),
    ):
        with pytest.raises(problem):
            check_move("file_finding", who, row, needs=needs, state_version=version)
    with pytest.raises(NotReady) as caught:
        check_move("file_finding", actor("acceptor"), Row(), needs=("photos", "awaiting_contract", "condition"))
    assert caught.value.members["unmet"] == ["photos", "condition"]
    assert check_move("file_finding", SYSTEM, Row(), needs=("awaiting_contract", "disputed")) is MOVES["file_finding"]


# Needs


@given(st.fixed_dictionaries(dict.fromkeys(FLAGS.values(), st.booleans())))
def test_needs_are_the_flags_that_are_set(flags):
    shown = needs_of(type("Row", (), flags))
    assert {FLAGS[name] for name in shown} == {column for column, is_set in flags.items() if is_set} and len(shown) == len(set(shown))


# Visibility


def test_an_inspector_of_the_whole_district_reads_only_own_findings():
    assert scopes_open_to(actor("inspector", person=LIN)) == [f"user:{LIN}"]
    assert not is_visible(Row(recorded_by=WU), actor("inspector", person=LIN))
    assert is_visible(Row(recorded_by=LIN), actor("inspector", person=LIN))


def test_nobody_without_a_role_and_not_the_system_reads_anything_of_others():
    assert scopes_open_to(SYSTEM) == []
    stranger = Actor(uuid4(), "s", "s")
    assert scopes_open_to(stranger) == [f"user:{stranger.person}"] and not is_visible(Row(), stranger)
    for role in ("administrator", "security_administrator", "audit_administrator"):
        assert not is_visible(Row(), actor(role))


def test_a_contractor_sees_what_was_dispatched_to_it_and_a_department_what_its_trade_owns():
    unit = uuid4()
    contractor, department = actor("contractor_worker", unit=unit, area=None), actor("department_officer", unit=unit, area=None)
    assert not is_visible(Row(), contractor) and not is_visible(Row(), department)
    assert is_visible(Row(units=[f"contractor:{unit}"]), contractor) and not is_visible(Row(units=[f"contractor:{unit}"]), department)
    assert is_visible(Row(trade_owner=unit), department) and not is_visible(Row(trade_owner=unit), contractor)
    assert is_outsider(contractor) and not is_outsider(department) and not is_outsider(Actor(uuid4(), "s", "s"))
    assert not is_outsider(replace(contractor, grants=(*contractor.grants, *department.grants)))


def test_an_unlocated_finding_is_the_districts_and_its_recorders():
    row = Row(town=None, community=None, grid=None)
    assert scopes_of(row) == sorted([f"user:{LIN}", "district:330113"])
    assert is_visible(row, actor("acceptor")) and not is_visible(row, actor("town_officer", area="330113001"))
