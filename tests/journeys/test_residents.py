"""A resident's year: a report in the night without a place, a look, the work, "not mended", an answer, and what is forgotten in the end."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from backend.core.database.engine import db
from backend.core.deeds import Deed
from backend.core.journal import JournalEntry
from backend.core.perform import reading
from backend.domains.residents.model import ResidentMessage, ResidentReport
from backend.domains.sync.judging.replaying.check import check_replay
from backend.domains.sync.judging.replaying.target import empty_database
from backend.domains.sync.queries.verify.every import verify
from backend.entrypoints.worker import residents as worker
from tests.make.pictures import picture
from tests.make.resident import Resident, place
from tests.stories import Story


@pytest.fixture
def district(any_district):
    return any_district


def test_a_report_in_the_night_is_mended_twice_and_forgotten_in_the_end(district):
    desk, wang = Story(district), Resident(district)

    def post(login, path, **body):
        answer = district.client(login).post(f"/api/v1/{path}", json=body)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json

    # At night Mrs. Wang sees the heap again. She has no account and knows no category; she writes where it is, and her number.
    told = wang.report(
        category=None,
        place=None,
        address="星河南路与迎宾路口",
        text="垃圾成堆，有异味。有事打我电话138 1234 5678",
        name="王秀兰",
        phone="13812345678",
        consent=True,
    )
    assert (told["stage"], told["contact"]["phone"]) == ("received", "138******78")
    assert wang.photo(picture(60, size=(64, 48))).status_code == 201
    district.settle()

    # Zhao finds it among what the desk owes, does not know which corner is meant, and reads the number: for a reason that is kept.
    listed = district.client("zhao").get("/api/v1/resident-reports?todo=take_up").json
    (waiting,) = listed["items"]
    assert (listed["todo"], waiting["text"][-5:], waiting["redacted"]) == ({"take_up": 1, "reply": 0}, "[***]", True)
    contact = post("zhao", f"resident-reports/{waiting['id']}/contact-views", reason="find_place", note="问清路口")
    assert (contact["phone"], contact["text"][-13:]) == ("13812345678", "138 1234 5678")
    taken = post("zhao", f"resident-reports/{waiting['id']}/finding", category={"kind": "event", "code": "06012"}, place=place())
    finding = taken["finding"]
    district.settle()
    assert wang.status()["stage"] == "recorded"

    # Somebody looks at the place before it is filed.
    desk.desk("zhao", finding, "verification-request", reason="是否属实")
    assert wang.status()["stage"] == "looking"
    district.person("wang", ("inspector", "330113001"))
    seen = desk.usable("wang", "verification")
    desk.desk("wang", finding, "verifications", phase="pre_filing", result="pass", photos=[seen])
    district.settle()
    desk.desk("zhao", finding, "filing", condition=1)
    desk.desk("sun", finding, "dispatches")
    told = wang.status()
    assert (told["stage"], told["number"], told["expected_by"] is not None) == ("ordered", taken["number"], True)

    # Qian's people see the work, and nobody's name.
    shown = desk.seen_by("qian", finding)
    assert shown["recorded_by"] is None and "王" not in str(shown) and "138" not in str(shown["note"])
    assert district.client("qian").get(f"/api/v1/resident-reports/{waiting['id']}").status_code == 403
    desk.proved(finding)
    desk.desk("zhao", finding, "closing")
    district.settle()
    told = wang.status()
    assert (told["stage"], len(told["result"])) == ("closed", 1)

    # She looks at the photo of the work, and at the corner: it is back. Who closed it does not have the last word.
    assert wang.call("POST", "/reopening-request", reason="昨天又堆起来了").status_code == 201
    (asked,) = district.client("chen").get("/api/v1/reopening-requests").json["items"]
    refused = district.client("zhao").post(f"/api/v1/reopening-requests/{asked['id']}/refusal", json={"reason": "已清理"})
    assert refused.status_code == 403
    post("chen", f"reopening-requests/{asked['id']}/grant", reason="巡查属实")
    district.settle()
    assert (wang.status()["stage"], wang.status()["reopening"]["state"]) == ("ordered", "granted")
    desk.proved(finding)
    desk.desk("chen", finding, "closing")
    post("zhao", f"resident-reports/{waiting['id']}/replies", text="已加密清运，谢谢您")
    district.settle()
    told = wang.call("PUT", "/rating", rating=5, note="这次好了").json
    assert (told["stage"], told["rating"], told["messages"][-1]["text"]) == ("closed", 5, "已加密清运，谢谢您")

    # Yu audits who read contacts.
    (view,) = district.client("yu").get("/api/v1/contact-views").json["items"]
    assert (view["by_name"], view["reason"], view["note"]) == ("赵敏", "find_place", "问清路口")

    # Ninety days later nothing of her is left but what the street needs; the receipt still tells how it ended.
    district.clock.forward(days=91)
    assert worker.erase_contacts(district.app) == 1
    kept = [*district.scalars(sa.select(Deed.arguments)), *district.scalars(sa.select(JournalEntry.facts))]
    kept += [str(tuple(row)) for row in district.rows(sa.select(ResidentReport.__table__))]
    kept += [str(text) for text in district.scalars(sa.select(ResidentMessage.text))]
    assert not [text for text in kept if "王秀兰" in text or "12345678" in text or "1234 5678" in text or "这次好了" in text]
    told = wang.status()
    assert (told["stage"], told["rating"], told["contact"]["name"]) == ("closed", 5, None)

    # And all of it, done again from the record, comes out the same.
    with district.app.app_context(), reading(db.session(), snapshot=True) as source, empty_database() as target:
        report = verify(source, now=district.clock.now(), store=None)
        check_replay(report, source, target)
    assert report.violations == []
