"""Nobody rules on own work, whatever role is held since, nor favours the own unit at a desk; and offered is what can be done."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
import sqlalchemy as sa

from backend.domains.identity.actions import roles
from backend.domains.identity.model import RoleHeld
from tests.domains.findings.test_moves_returns import asked, post, refused
from tests.domains.findings.test_moves_table import moves
from tests.make.district import MANHOLE
from tests.make.phone import photo
from tests.make.pictures import picture

OWN_WORK = (403, "own_work")


def becomes(district, login, role, unit):
    """Somebody leaves the role held until now for another."""
    person = district.person(login)
    (held,) = district.scalars(sa.select(RoleHeld.id).where(RoleHeld.person == person))
    district.do(roles.end_role, person=person, held=held)
    district.clock.forward(minutes=1)
    district.do(roles.grant_role, person=person, role=role, unit=district.unit(unit))


def assigned(district, story, finding, hand_back_by):
    story.desk("qian", finding, "assignments", dispatch=story.task(finding), worker=str(district.person("ma")), hand_back_by=hand_back_by)


def of_department(district, story):
    """A finding that the municipal department works on."""
    return story.dispatched(dispatch={"unit": str(district.unit("municipal")), "reason": "theirs"})


def helped(district, story, finding, **to):
    """The dispatch of a co-unit."""
    shown = story.desk("sun", finding, "co-units", **to, reason="help")
    return next(each["id"] for each in shown["dispatches"] if each["role"] == "co")


# Roles that changed since


def test_the_worker_who_had_it_and_became_an_inspector_does_not_verify_it(district, story):
    finding = story.dispatched()
    assigned(district, story, finding, "worker")
    report = story.reported(finding)
    becomes(district, "ma", "inspector", "330113001")
    assert "verify_finding" not in moves(district, "ma", finding)
    assert refused(post(district, "ma", finding, "verifications", phase="pre_closing", report=report, result="pass")) == OWN_WORK


def test_the_manager_who_handed_back_and_became_shift_leader_does_not_close(district, story):
    finding = story.dispatched()
    assigned(district, story, finding, "manager")
    report = story.reported(finding, by="ma", photos=[story.usable("ma", "after")])
    story.desk("qian", finding, "hand-back", report=report)
    district.person("wang", ("inspector", "330113001"))
    story.looked(finding, "pass", report=report, photos=[story.usable("wang", "verification")])
    becomes(district, "qian", "shift_leader", "330113")
    assert "close_finding" not in moves(district, "qian", finding)
    assert refused(post(district, "qian", finding, "closing")) == OWN_WORK
    assert "close_finding" in moves(district, "chen", finding)
    assert post(district, "chen", finding, "closing").status_code == 200


@pytest.mark.parametrize("kind", ["extension", "return", "suspension"])
def test_who_asked_for_the_unit_and_became_an_inspector_does_not_verify_its_work(district, story, kind):
    finding = story.dispatched()
    more = {"until": (district.clock.now() + dt.timedelta(days=1)).isoformat()} if kind == "suspension" else {}
    request = asked(story, district, finding, kind, **more)
    story.desk("sun", finding, f"{kind}-requests/{request}/refusal", reason="yours")
    report = story.reported(finding, by="ma")
    becomes(district, "qian", "inspector", "330113001")
    assert refused(post(district, "qian", finding, "verifications", phase="pre_closing", report=report, result="pass")) == OWN_WORK


def test_the_worker_who_had_it_and_became_dispatcher_does_not_grant_what_the_unit_asks(district, story):
    finding = story.dispatched()
    assigned(district, story, finding, "worker")
    request = asked(story, district, finding, "extension")
    becomes(district, "ma", "dispatcher", "330113")
    assert not {"grant_extension", "refuse_extension"} & set(moves(district, "ma", finding))
    assert refused(post(district, "ma", finding, f"extension-requests/{request}/grant")) == OWN_WORK
    assert "grant_extension" in moves(district, "sun", finding)


# A desk that favours the own unit


def test_a_shift_leader_of_the_unit_that_has_it_does_not_void_it_but_may_ask_for_that(district, story):
    district.person("both", ("shift_leader", "330113"), ("department_officer", "municipal"))
    finding = of_department(district, story)
    assert "request_void" in moves(district, "both", finding)
    story.desk("zhao", finding, "void-request", reason="x")
    assert "void_finding" not in moves(district, "both", finding)
    assert refused(post(district, "both", finding, "void", reason="gone")) == OWN_WORK
    assert post(district, "both", finding, "void-request/refusal", reason="it is there").status_code == 200
    story.desk("both", finding, "void-request", reason="gone")
    assert post(district, "chen", finding, "void", reason="gone").status_code == 200


def test_a_shift_leader_of_the_unit_that_did_it_waives_no_photo_of_it(district, story):
    district.person("both", ("shift_leader", "330113"), ("department_officer", "municipal"))
    finding = of_department(district, story)
    missing = photo(picture(77), role="after")
    story.reported(finding, by="both", photos=[missing])
    assert "waive_photo" not in moves(district, "both", finding)
    assert refused(post(district, "both", finding, f"photos/{missing['id']}/waiver", reason="gone")) == OWN_WORK
    assert post(district, "chen", finding, f"photos/{missing['id']}/waiver", reason="gone").status_code == 200


def test_a_dispatcher_of_the_unit_that_has_it_gives_it_no_longer_limit(district, story):
    district.person("both", ("dispatcher", "330113"), ("department_officer", "municipal"))
    finding = of_department(district, story)
    assert "correct_finding" not in moves(district, "both", finding)
    longer = {"category": MANHOLE, "condition": 2, "reason": "it is"}
    assert refused(post(district, "both", finding, "correction", **longer)) == OWN_WORK
    assert post(district, "sun", finding, "correction", **longer).status_code == 200


def test_an_officer_corrects_and_waives_at_the_desk_what_other_units_have(district, story):
    district.person("both", ("shift_leader", "330113"), ("department_officer", "municipal"))
    finding = story.dispatched()
    assert {"waive_photo", "correct_finding", "request_void"} <= set(moves(district, "both", finding))
    assert post(district, "both", finding, "correction", category=MANHOLE, condition=2, reason="it is").status_code == 200


# Appeals, suspensions


def test_who_gave_a_verdict_does_not_rule_on_the_appeal(district, story):
    district.person("wang2", ("inspector", "330113001"), ("shift_leader", "330113"))
    finding = story.dispatched()
    report = story.reported(finding, photos=[story.usable("qian", "after")])
    story.looked(finding, "fail", report=report, by="wang2", photos=[story.usable("wang2", "verification")])
    story.proved(finding)
    story.desk("chen", finding, "closing")
    dispatch = story.seen_by("qian", finding)["dispatches"][0]["id"]
    appeal = story.desk("qian", finding, "appeals", dispatch=dispatch, reason="it was clean")["requests"][-1]["id"]
    ruling = {"grant_appeal", "refuse_appeal"}
    assert not ruling & (set(moves(district, "wang2", finding)) | set(moves(district, "chen", finding)))
    assert refused(post(district, "wang2", finding, f"appeals/{appeal}/refusal", reason="no")) == OWN_WORK
    assert ruling <= set(moves(district, "zhao", finding))
    assert post(district, "zhao", finding, f"appeals/{appeal}/refusal", reason="no").status_code == 200


def test_who_decided_between_verdicts_does_not_rule_on_the_appeal(district, story):
    district.person("lead", ("shift_leader", "330113"))
    district.person("xu", ("inspector", "330113001"))
    finding = story.dispatched()
    report = story.proved(finding)
    story.looked(finding, "fail", report=report, by="xu")
    assert "decide_dispute" in moves(district, "lead", finding)
    story.desk("lead", finding, "dispute-decision", report=report, result="pass", reason="I looked")
    assert "decide_dispute" not in moves(district, "lead", finding)
    story.desk("chen", finding, "closing")
    appeal = story.desk("qian", finding, "appeals", dispatch=story.task(finding), reason="it was clean")["requests"][-1]["id"]
    assert refused(post(district, "lead", finding, f"appeals/{appeal}/grant", reason="so")) == OWN_WORK


def test_a_suspension_is_ended_by_a_dispatcher_of_the_area_or_by_its_own_unit(district, story):
    district.person("d2", ("dispatcher", "330113002"), ("department_officer", "municipal"))
    finding = story.dispatched()
    until = (district.clock.now() + dt.timedelta(days=2)).isoformat()
    request = asked(story, district, finding, "suspension", until=until)
    story.desk("sun", finding, f"suspension-requests/{request}/grant")
    helped(district, story, finding, unit=str(district.unit("municipal")))
    assert "end_suspension" not in moves(district, "d2", finding)
    assert refused(post(district, "d2", finding, f"suspension-requests/{request}/end", reason="x")) == (403, "not_your_dispatch")
    assert all("end_suspension" in moves(district, who, finding) for who in ("sun", "qian"))
    assert post(district, "sun", finding, f"suspension-requests/{request}/end", reason="x").status_code == 200


# What is offered

NOTHING_YET = {
    *("receive_hand_over", "refuse_hand_over", "conclude_hand_over", "reply_supervision", "end_supervision"),
    *("cancel_co_unit", "decide_dispute", "hand_back", "verify_finding", "ungroup_finding"),
}


def test_what_there_is_nothing_for_is_not_offered(district, story):
    finding = story.dispatched()
    for who in ("qian", "ma", "sun", "li", "chen", "lin"):
        assert not NOTHING_YET & set(moves(district, who, finding)), who


def test_before_filing_others_than_its_recorder_are_offered_the_look(district, story):
    finding = story.ready()
    district.person("wang", ("inspector", "330113001"))
    assert "verify_finding" not in moves(district, "lin", finding)
    assert "verify_finding" in moves(district, "wang", finding)


def test_a_hand_over_is_offered_to_its_unit_as_far_as_it_has_come(district, story):
    finding = story.dispatched()
    unit = str(district.unit("municipal"))
    clue = story.desk("zhao", finding, "hand-overs", unit=unit, legal_basis="x", facts="y")["hand_overs"][0]["id"]
    verbs = {"receive_hand_over", "refuse_hand_over", "conclude_hand_over"}
    assert verbs & set(moves(district, "gu", finding)) == {"receive_hand_over", "refuse_hand_over"}
    assert not verbs & set(moves(district, "qian", finding))
    story.desk("gu", finding, f"hand-overs/{clue}/receipt", receipt="7")
    assert verbs & set(moves(district, "gu", finding)) == {"conclude_hand_over"}
    story.desk("gu", finding, f"hand-overs/{clue}/conclusion", outcome="fined")
    assert not verbs & set(moves(district, "gu", finding))


def test_a_demand_is_offered_to_whom_it_went_and_its_end_to_leaders(district, story):
    finding = story.dispatched()
    due = (district.clock.now() + dt.timedelta(hours=1)).isoformat()
    demand = story.desk("li", finding, "supervisions", demand="now", reply_due=due)["supervisions"][0]["id"]
    assert "reply_supervision" in moves(district, "qian", finding)
    assert not {"reply_supervision", "end_supervision"} & set(moves(district, "sun", finding))
    story.desk("qian", finding, f"supervisions/{demand}/reply", reply="coming")
    assert "reply_supervision" not in moves(district, "qian", finding)
    assert "end_supervision" in moves(district, "li", finding)
    story.desk("li", finding, f"supervisions/{demand}/end", result="settled")
    assert "end_supervision" not in moves(district, "li", finding)


def test_a_hand_back_is_offered_while_a_report_waits_for_it(district, story):
    finding = story.dispatched()
    assigned(district, story, finding, "manager")
    report = story.reported(finding, by="ma")
    assert "hand_back" in moves(district, "qian", finding)
    assert "verify_finding" not in moves(district, "lin", finding)
    story.desk("qian", finding, "hand-back", report=report)
    assert "hand_back" not in moves(district, "qian", finding)
    assert "verify_finding" in moves(district, "lin", finding)


def test_a_co_unit_is_cancelled_until_it_has_handed_back(district, story):
    finding = story.dispatched()
    dispatch = helped(district, story, finding, contract=str(district.contracts["BJ"]))
    assert "cancel_co_unit" in moves(district, "sun", finding)
    story.desk("feng", finding, "reports", report=str(uuid4()), dispatch=dispatch, note="done")
    assert "cancel_co_unit" not in moves(district, "sun", finding)
