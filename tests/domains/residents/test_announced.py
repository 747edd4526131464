"""Who of the staff is told that a resident waits."""

from __future__ import annotations

from tests.domains.residents.test_life import case, closed, post  # noqa: F401 - a fixture
from tests.domains.residents.test_public_door import only_report


def told(district, login, kind):
    items = district.client(login).get("/api/v1/messages?limit=100").json["items"]
    return [each for each in items if each["kind"] == kind]


def test_acceptors_are_told_of_what_to_take_up_and_of_what_to_answer_once_each(district, resident):
    resident.report(category=None, name="王小明", phone="13812345678", consent=True)
    district.settle()
    district.settle()
    (message,) = told(district, "zhao", "resident_report.to_take_up")
    assert resident.receipt in message["title"] and "王" not in str(message) and "138" not in str(message)
    post(district, "zhao", f"resident-reports/{only_report(district)['id']}/finding", category={"kind": "event", "code": "06012"})
    resident.call("POST", "/messages", text="还在")
    district.settle()
    assert len(told(district, "zhao", "resident_report.to_answer")) == len(told(district, "chen", "resident_report.to_answer")) == 1
    assert told(district, "qian", "resident_report.to_answer") == []


def test_what_is_a_finding_at_once_is_on_the_desks_list_already(district, resident):
    resident.report()
    district.settle()
    assert told(district, "zhao", "resident_report.to_take_up") == []


def test_a_request_reaches_who_decides_and_the_decision_who_asked(district, story):
    finding = story.closed()
    asked = post(district, "shen", f"findings/{finding}/reopening-requests", reason="居民反映又堆了").json
    district.settle()
    assert len(told(district, "chen", "reopening.to_decide")) == len(told(district, "li", "reopening.to_decide")) == 1
    assert post(district, "li", f"reopening-requests/{asked['id']}/refusal", reason="已复查").status_code == 200
    district.settle()
    (message,) = told(district, "shen", "reopening.decided")
    assert "已复查" in message["text_zh"]
