"""Contracts and the matrix through their actions, queries and front door."""

import datetime as dt
from uuid import uuid4

import pytest

from backend.domains.contracts import actions, queries
from backend.domains.contracts.rules.terms import ContractInvalid, ContractMissing, ContractTaken
from tests.domains.contracts.conftest import ROAD, SINCE, opened
from tests.make.people import Cast

WEST = {"lon": 120.005, "lat": 30.01, "datum": "WGS-84", "category": "event:06010", "at": "2026-06-01T12:00:00+08:00"}


def asked(office, login="sun", **change):
    answer = office.cast.client(login).get("/api/v1/contracts/match", query_string={**WEST, **change})
    assert answer.status_code == 200, answer.json
    return answer.json


def pointers(caught):
    return [pointer for pointer, _ in caught.value.errors]


# Matching


def test_a_match_explains_itself(office):
    town = office.covering("330113001", number="TOWN")
    grid = office.covering("330113001001001", number="GRID")

    answer = asked(office)

    assert answer["located"] == {
        "grid": "330113001001001",
        "community": "330113001001",
        "town": "330113001",
        "district": "330113",
    }
    assert (answer["trade"], answer["category"], answer["code"], answer["day"]) == ("sanitation", "event:06010", None, "2026-06-01")
    assert (answer["winner"]["contract"], answer["winner"]["level"]) == (str(grid.id), "grid")
    assert (answer["runner_up"]["contract"], answer["reason"]) == (str(town.id), "more_specific")
    assert "GRID" in answer["explanation"]["zh"]
    assert "TOWN" in answer["explanation"]["en"]
    assert [one["number"] for one in answer["considered"]] == ["GRID", "TOWN"]


def test_priority_wins_and_a_coverages_own_goes_before_the_contracts(office):
    office.covering("330113001", number="TOWN", priority=5)
    office.covering("330113001001001", number="GRID")
    office.covering("330113", number="DISTRICT", coverage={"priority": 9})

    answer = asked(office)
    assert (answer["winner"]["number"], answer["runner_up"]["number"], answer["reason"]) == ("DISTRICT", "TOWN", "priority")


def test_a_road_on_a_border_holds_both_sides_as_far_as_its_buffer(office):
    office.covering("330113001", number="WEST")
    office.covering("330113002", number="EAST")
    office.covering(ROAD, number="ROAD", coverage={"kind": "road", "buffer_m": 30})

    near, far = 0.0002, 0.0005  # about 19 m and 48 m at this latitude
    assert asked(office, lon=120.04 - near)["winner"]["number"] == "ROAD"
    assert asked(office, lon=120.04 + near)["winner"]["number"] == "ROAD"
    assert asked(office, lon=120.04 - far)["winner"]["number"] == "WEST"
    assert asked(office, lon=120.04 + far)["winner"]["number"] == "EAST"
    assert asked(office, lon=120.04 + near)["roads"][0]["code"] == ROAD


def test_the_last_day_of_a_contract_is_the_one_before_its_end(office):
    old = office.covering("330113001", number="OLD", days=("2025-01-01", "2026-06-01"))
    office.covering("330113001", number="NEW", days=("2026-06-01", "2027-06-01"), succeeds=old.id)

    last, first = asked(office, at="2026-05-31T23:59:59+08:00"), asked(office, at="2026-06-01T00:00:00+08:00")
    assert (last["winner"]["number"], last["reason"], [one["number"] for one in last["out_of_force"]]) == ("OLD", "only_one", ["NEW"])
    assert (first["winner"]["number"], first["reason"], [one["number"] for one in first["out_of_force"]]) == ("NEW", "only_one", ["OLD"])


def test_a_terminated_contract_ends_on_its_day(office):
    contract = office.covering("330113001", number="OLD")
    office.cast.do(actions.terminate_contract, contract=contract.id, on=dt.date(2026, 6, 1), reason="考核不合格")

    assert asked(office, at="2026-05-31T12:00:00+08:00")["winner"]["number"] == "OLD"
    assert asked(office)["reason"] == "awaiting_contract"


def test_where_no_contract_is_the_matrix_acts_and_names_the_owners(office):
    office.responsible("municipal", scope="trade", key="sanitation")
    office.responsible("municipal", role="trade_owner", scope="trade", key="sanitation")
    office.responsible("330113001", role="area_owner", area="330113001", person="唐宁", phone="0571-86000000")

    answer = asked(office)

    assert (answer["winner"], answer["reason"]) == (None, "acting_unit")
    assert answer["acting"]["unit"] == str(office.cast.unit("municipal"))
    assert answer["trade_owner"]["unit"] == str(office.cast.unit("municipal"))
    assert answer["area_owner"]["unit"] == str(office.cast.unit("330113001"))
    assert "phone" not in answer["area_owner"]


def test_in_a_gap_a_contract_is_awaited_and_the_town_stays_owner(office):
    office.covering("330113002", number="EAST")
    office.responsible("330113001", role="area_owner", area="330113001")

    answer = asked(office)
    assert (answer["winner"], answer["acting"], answer["reason"]) == (None, None, "awaiting_contract")
    assert answer["area_owner"]["unit"] == str(office.cast.unit("330113001"))


def test_a_place_outside_the_district_is_answered_too(office):
    office.covering("330113", number="DISTRICT")
    answer = asked(office, lon=121.5)
    assert (answer["located"], answer["reason"]) == (None, "awaiting_contract")


def test_the_datum_can_change_the_contract(office):
    office.covering("330113001001001", number="WEST")
    office.covering("330113001001002", number="EAST")
    # GCJ-02 lies some 470 m east of WGS-84 here: the same numbers are another grid.
    assert asked(office, lon=120.0125)["winner"]["number"] == "EAST"
    assert asked(office, lon=120.0125, datum="GCJ-02")["winner"]["number"] == "WEST"


def test_a_code_of_2013_is_matched_as_what_it_became(office):
    office.covering("330113001", number="TOWN")
    answer = asked(office, category="event:01-10")
    assert (answer["category"], answer["code"], answer["winner"]["number"]) == ("event:06010", "category_mapped", "TOWN")


@pytest.mark.parametrize(
    ("change", "status", "pointer"),
    [
        ({"lon": 181}, 422, "/lon"),
        ({"lat": "nan"}, 422, "/lat"),
        ({"datum": "Mars"}, 422, "/datum"),
        ({"category": "06010"}, 422, "/category"),
        ({"category": "event:99999"}, 404, "/category"),
        ({"at": "2026-06-01T12:00:00"}, 422, "/at"),
        ({"colour": "red"}, 422, "/colour"),
    ],
)
def test_a_wrong_question_names_the_field(office, change, status, pointer):
    answer = office.cast.client("sun").get("/api/v1/contracts/match", query_string={**WEST, **change})
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (status, pointer)


def test_the_register_is_renewed_after_each_write(office):
    assert office.cast.ask(queries.register_of_contracts).contracts == {}
    contract = office.covering("330113001")

    held = office.cast.ask(queries.register_of_contracts)
    assert (len(held.coverages), list(held.contracts)) == (1, [contract.id])
    assert held.contracts[contract.id].number == contract.number


# Writing


@pytest.mark.parametrize(
    ("facts", "pointer"),
    [
        ({"days": ("2026-01-01", "2026-01-01")}, "/valid_until"),
        ({"days": ("2026-01-02", "2026-01-01")}, "/valid_until"),
        ({"contractor": "municipal"}, "/contractor"),
    ],
)
def test_a_contract_with_reversed_days_or_no_contractor_is_refused(office, facts, pointer):
    with pytest.raises(ContractInvalid) as caught:
        office.contract(**facts)
    assert pointers(caught) == [pointer]


def test_an_unknown_contractor_is_refused(office):
    day = dt.date(2026, 1, 1)
    with pytest.raises(ContractInvalid) as caught:
        office.cast.do(
            actions.sign_contract,
            number="X",
            name="X",
            contractor=uuid4(),
            signed_on=day,
            valid_from=day,
            valid_until=day + dt.timedelta(days=1),
        )
    assert pointers(caught) == ["/contractor"]


def test_a_number_is_given_once(office):
    office.contract(number="C")
    with pytest.raises(ContractTaken):
        office.contract(number="C")


def test_a_contract_has_one_successor_that_begins_later(office):
    old = office.contract(days=("2025-01-01", "2026-01-01"))
    with pytest.raises(ContractInvalid):
        office.contract(days=("2025-01-01", "2027-01-01"), succeeds=old.id)
    new = office.contract(succeeds=old.id)
    assert office.cast.ask(queries.get_contract, old.id).successor == new.id
    with pytest.raises(ContractTaken):
        office.contract(succeeds=old.id)
    with pytest.raises(ContractMissing):
        office.contract(succeeds=uuid4())


@pytest.mark.parametrize("day", ["2025-12-31", "2027-01-01"])
def test_a_contract_is_not_terminated_outside_its_days(office, day):
    contract = office.contract()
    with pytest.raises(ContractInvalid):
        office.cast.do(actions.terminate_contract, contract=contract.id, on=dt.date.fromisoformat(day), reason="x")


def test_a_contract_is_terminated_once(office):
    contract = office.contract()
    for refused in (False, True):
        end = {"contract": contract.id, "on": dt.date(2026, 6, 1), "reason": "x"}
        if refused:
            with pytest.raises(ContractTaken):
                office.cast.do(actions.terminate_contract, **end)
        else:
            office.cast.do(actions.terminate_contract, **end)


def test_a_section_code_is_given_once_a_contract(office):
    one, other = office.contract(), office.contract()
    office.section(one)
    office.section(other)
    with pytest.raises(ContractTaken):
        office.section(one)


@pytest.mark.parametrize(
    ("code", "facts", "wrong"),
    [
        ("330113009", {}, ["/code"]),
        ("", {}, ["/code"]),
        ("R-99", {"kind": "road", "buffer_m": 10.0}, ["/code"]),
        ("330113001", {"trade": "gardening"}, ["/trade"]),
        ("330113001", {"kind": "thing"}, ["/kind"]),
        (ROAD, {"kind": "road"}, ["/buffer_m"]),
        (ROAD, {"kind": "road", "buffer_m": 0.0}, ["/buffer_m"]),
        (ROAD, {"kind": "road", "buffer_m": 501.0}, ["/buffer_m"]),
        (ROAD, {"kind": "road", "buffer_m": float("nan")}, ["/buffer_m"]),
        ("330113001", {"buffer_m": 10.0}, ["/buffer_m"]),
        ("330113001", {"valid_from": dt.date(2025, 12, 31)}, ["/valid_from"]),
        ("330113001", {"valid_until": dt.date(2027, 1, 2)}, ["/valid_until"]),
        ("330113001", {"valid_from": dt.date(2026, 3, 1), "valid_until": dt.date(2026, 3, 1)}, ["/valid_until"]),
    ],
)
def test_a_coverage_that_does_not_fit_is_refused(office, code, facts, wrong):
    section = office.section(office.contract())
    with pytest.raises(ContractInvalid) as caught:
        office.coverage(section, code, **facts)
    assert pointers(caught) == wrong


def test_a_coverage_of_no_section_is_refused(office):
    with pytest.raises(ContractMissing):
        office.cast.do(actions.add_coverage, section=uuid4(), trade="sanitation", kind="area", code="330113001")


@pytest.mark.parametrize(
    ("facts", "wrong"),
    [
        ({"area": "330113009"}, "/area"),
        ({"role": "king"}, "/role"),
        ({"scope": "world"}, "/scope"),
        ({"scope": "all", "key": "x"}, "/key"),
        ({"scope": "trade", "key": "gardening"}, "/key"),
        ({"scope": "category", "key": "event:99999"}, "/key"),
        ({"scope": "class", "key": "event:06010"}, "/key"),
        ({"valid_until": SINCE}, "/valid_until"),
    ],
)
def test_a_responsibility_that_does_not_fit_is_refused(office, facts, wrong):
    with pytest.raises(ContractInvalid) as caught:
        office.responsible("municipal", **facts)
    assert pointers(caught) == [wrong]


@pytest.mark.parametrize(("scope", "key"), [("category", "component:01001"), ("class", "event:06"), ("trade", "other"), ("all", "")])
def test_a_responsibility_takes_each_scope(office, scope, key):
    line = office.responsible("municipal", scope=scope, key=key)
    assert [row.id for row in office.cast.ask(queries.list_responsibilities, area="330113")] == [line.id]


# Who may read and write


def test_a_contractor_sees_only_its_own(office):
    mine, other = office.covering("330113001", contractor="hangyang"), office.covering("330113002", contractor="lvyuan")
    qian = office.cast.client("qian")

    assert [item["id"] for item in qian.get("/api/v1/contracts").json["items"]] == [str(mine.id)]
    assert qian.get(f"/api/v1/contracts/{mine.id}").json["sections"][0]["coverage"][0]["code"] == "330113001"
    assert qian.get(f"/api/v1/contracts/{other.id}").status_code == 404
    assert len(office.cast.client("li").get("/api/v1/contracts").json["items"]) == 2


def test_contracts_come_in_pages_and_by_day(office):
    numbers = [office.contract(number=f"N-{n}").number for n in range(5)]
    old = office.contract(number="OLD", days=("2025-01-01", "2026-01-01"))
    sun, seen, cursor = office.cast.client("sun"), [], None
    while True:
        page = sun.get("/api/v1/contracts", query_string={"limit": 2, **({"cursor": cursor} if cursor else {})}).json
        seen += [item["number"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break

    assert seen == [*numbers, old.number]
    assert [item["number"] for item in sun.get("/api/v1/contracts?on=2025-12-31").json["items"]] == ["OLD"]
    assert [item["number"] for item in sun.get("/api/v1/contracts?on=2026-01-01").json["items"]] == numbers
    assert sun.get("/api/v1/contracts?cursor=rubbish").status_code == 422


def test_an_administrator_writes_a_contract_through_the_front_door(office):
    admin = office.cast.client("admin")
    body = {
        "number": "C",
        "name": "环卫一标",
        "contractor": str(office.cast.unit("hangyang")),
        "signed_on": "2025-12-01",
        "valid_from": "2026-01-01",
        "valid_until": "2027-01-01",
    }
    contract = admin.post("/api/v1/contracts", json=body)
    section = admin.post(f"/api/v1/contracts/{contract.json['id']}/sections", json={"code": "1", "name": "一标段"})
    coverage = admin.post(
        f"/api/v1/contracts/sections/{section.json['id']}/coverage", json={"trade": "sanitation", "kind": "area", "code": "330113001"}
    )
    line = admin.post(
        "/api/v1/responsibilities",
        json={"role": "acting", "scope": "all", "area": "330113", "unit": str(office.cast.unit("municipal")), "valid_from": "2026-01-01"},
    )
    ended = admin.post(f"/api/v1/contracts/{contract.json['id']}/termination", json={"on": "2026-07-01", "reason": "考核不合格"})

    assert [answer.status_code for answer in (contract, section, coverage, line, ended)] == [201, 201, 201, 201, 200]
    assert asked(office)["winner"]["number"] == "C"
    assert asked(office, at="2026-07-01T00:00:00+08:00")["reason"] == "acting_unit"
    whole = admin.get(f"/api/v1/contracts/{contract.json['id']}").json
    assert (whole["terminated_on"], whole["version"]) == ("2026-07-01", 4)
    assert admin.get("/api/v1/responsibilities?area=330113").json["items"][0]["unit"] == str(office.cast.unit("municipal"))


def test_a_wrong_contract_is_refused_field_by_field_in_both_languages(office):
    body = {
        "number": "C",
        "name": "n",
        "contractor": str(uuid4()),
        "signed_on": "2025-12-01",
        "valid_from": "2026-01-01",
        "valid_until": "2025-01-01",
    }
    answer = office.cast.client("admin").post("/api/v1/contracts", json=body, headers={"Accept-Language": "zh-CN"})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == ["/valid_until", "/contractor"]
    assert answer.json["title"] == "合同数据有误"


def test_the_coverage_report_comes_community_by_community(office):
    office.covering("330113001001")
    office.covering("330113001001002", contractor="lvyuan")
    office.covering("330113001002001")

    answer = office.cast.client("sun").get("/api/v1/contracts/coverage-report?trade=sanitation&on=2026-06-01").json
    assert {item["community"]: item["state"] for item in answer["items"]} == {
        "330113001001": "overlap",
        "330113001002": "partial",
        "330113002001": "gap",
    }
    before = office.cast.client("sun").get("/api/v1/contracts/coverage-report?trade=sanitation&on=2025-06-01").json
    assert {item["state"] for item in before["items"]} == {"gap"}


NOWHERE = "0193a000-0000-7000-8000-000000000000"
READING = ["contracts", "contracts/match", "contracts/coverage-report?trade=sanitation", "responsibilities", f"contracts/{NOWHERE}"]
WRITING = [
    "contracts",
    f"contracts/{NOWHERE}/sections",
    f"contracts/{NOWHERE}/termination",
    f"contracts/sections/{NOWHERE}/coverage",
    "responsibilities",
]


@pytest.mark.parametrize("path", READING)
def test_a_stranger_reads_nothing(cast, client, path):
    assert cast.client("stranger").get(f"/api/v1/{path}").status_code == 403
    assert client.get(f"/api/v1/{path}").status_code == 401


@pytest.mark.parametrize("path", READING[1:4])
def test_a_contractor_reads_neither_matches_nor_report_nor_matrix(cast, path):
    assert cast.client("qian").get(f"/api/v1/{path}").status_code == 403


@pytest.mark.parametrize("login", ["stranger", "qian", "sun", "li"])
@pytest.mark.parametrize("path", WRITING)
def test_only_an_administrator_writes(cast, login, path):
    assert cast.client(login).post(f"/api/v1/{path}", json={}).status_code == 403


def test_contracts_match_alike_on_both_databases(any_app):
    office = opened(Cast(any_app))
    old = office.covering("330113001", number="OLD", days=("2025-01-01", "2026-06-01"))
    office.covering("330113001", number="NEW", days=("2026-06-01", "2027-06-01"), succeeds=old.id)
    office.covering(ROAD, number="ROAD", coverage={"kind": "road", "buffer_m": 30.5})
    office.responsible("municipal", scope="trade", key="sanitation", area="330113002")

    assert asked(office)["winner"]["number"] == "NEW"
    assert asked(office, at="2026-05-31T12:00:00+08:00")["winner"]["number"] == "OLD"
    assert asked(office, lon=120.0399)["winner"]["number"] == "ROAD"
    assert asked(office, lon=120.05)["reason"] == "acting_unit"
    assert office.cast.client("sun").get("/api/v1/contracts?on=2026-06-01").json["items"][0]["number"] == "NEW"
