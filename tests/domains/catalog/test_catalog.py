"""The catalogue through its actions, queries and front door."""

import datetime as dt

import pytest

from backend.core.journal import FeedMember, JournalEntry
from backend.domains.catalog import queries
from backend.domains.catalog.actions import load_edition, set_class_default
from backend.domains.catalog.rules.administering import (
    CategoryMissing,
    EditionClash,
    LimitUnfit,
    SuccessorInvalid,
)
from backend.domains.catalog.rules.categories import MAPPED
from backend.domains.catalog.rules.edition_file import CatalogFaults
from tests.make.people import Cast

NEXT = dt.date(2027, 1, 1)
LATER = dt.datetime(2027, 2, 1, tzinfo=dt.UTC)


def held(cast):
    return cast.ask(queries.catalogue)


def feed(cast):
    def read(session):
        return {row.subject: row.version for row in session.query(FeedMember).filter_by(scope="ref", subject_type="category", present=True)}

    return cast.ask(read)


def edition_two(csv_text):
    """Exposed rubbish is retired for a new code; the first manhole condition is gone; road dirt gets a new first condition."""
    lines = csv_text.replace("\r\n", "\n").split("\n")
    kept = [line for line in lines if not line.startswith("event,06,") or ",06010," not in line]
    moved = [line.replace(",06010,", ",06053,") for line in lines if ",06010," in line]
    manhole = next(place for place, line in enumerate(kept) if ",01001," in line)
    del kept[manhole]
    return "\n".join([*kept[:-1], *moved])


def test_an_edition_is_found_in_memory_with_its_conditions_and_limits(loaded):
    catalogue = held(loaded)
    categories = catalogue.categories(1)
    conditions = [condition for category in categories for condition in category.conditions.values()]

    assert len(categories) == 282
    assert len(conditions) == 694
    assert sum(condition.limit_source == "condition" for condition in conditions) == 633
    manhole = catalogue.find("component", "01001")
    assert (manhole.trade, manhole.conditions[1].limit_value, manhole.conditions[1].limit_unit) == ("municipal", 2, "urgent_hours")
    assert [category.key for category in categories][:2] == ["component:01001", "component:01002"]


def test_61_conditions_take_the_default_of_their_class_and_say_so(loaded):
    catalogue = held(loaded)
    empty = [(category, category.conditions[1]) for category in catalogue.categories(1) if category.conditions[1].any_state]
    assert len(empty) == 61
    assert {condition.limit_value for _, condition in empty} == {None}

    for kind, code in {(category.kind, category.class_code) for category, _ in empty}:
        loaded.do(set_class_default, by="admin", kind=kind, class_code=code, value=3, unit="working_days")

    conditions = [condition for category in held(loaded).categories(1) for condition in category.conditions.values()]
    marked = [condition for condition in conditions if condition.limit_source == "class_default"]
    assert len(marked) == 61
    assert {(condition.limit_value, condition.limit_unit) for condition in marked} == {(3, "working_days")}
    assert sum(condition.limit_source == "condition" for condition in conditions) == 633


def test_a_default_reaches_the_phones_of_the_categories_it_changes_and_no_others(loaded):
    before = feed(loaded)
    assert len(before) == 282
    loaded.do(set_class_default, kind="event", class_code="09", value=1, unit="working_days")
    loaded.do(set_class_default, kind="event", class_code="09", value=2, unit="working_days")

    after = feed(loaded)
    changed = {key for key in after if after[key] != before[key]}
    docs = loaded.ask(queries.category_docs, ["event:09003", "event:09001", "event:nonsense", "nonsense"])
    assert changed == {f"event:{code}" for code in ("09003", "09008", "09009", "09014", "09015", "09018", "09019")}
    assert after["event:09003"] == docs["event:09003"]["version"] == 3
    assert sorted(docs) == ["event:09001", "event:09003"]
    assert docs["event:09003"]["conditions"][0]["limit"] == {"value": 2, "unit": "working_days"}
    assert docs["event:09003"]["conditions"][0]["limit_source"] == "class_default"


@pytest.mark.parametrize(
    ("value", "unit", "pointer"), [(0, "working_days", "/value"), (10_001, "working_days", "/value"), (1, "days", "/unit")]
)
def test_a_default_that_is_no_limit_is_refused(loaded, value, unit, pointer):
    with pytest.raises(LimitUnfit) as caught:
        loaded.do(set_class_default, kind="event", class_code="09", value=value, unit=unit)
    assert [at for at, _ in caught.value.errors] == [pointer]


@pytest.mark.parametrize(("kind", "class_code", "edition"), [("event", "99", None), ("component", "06", None), ("event", "09", 2)])
def test_a_default_for_no_class_is_refused(loaded, kind, class_code, edition):
    with pytest.raises(CategoryMissing):
        loaded.do(set_class_default, kind=kind, class_code=class_code, value=1, unit="working_days", edition=edition)


def test_a_faulty_file_changes_nothing(loaded, csv_text):
    with pytest.raises(CatalogFaults) as caught:
        loaded.do(load_edition, number=2, name="two", valid_from=NEXT, source="test", csv=csv_text.replace(",working_hours,", ",hours,", 1))

    assert caught.value.errors[0][0] == "/rows/3/time_limit_unit"
    assert loaded.ask(queries.find_edition, 2) is None
    assert len(held(loaded).editions) == 1


@pytest.mark.parametrize(("number", "valid_from"), [(1, NEXT), (0, NEXT), (2, dt.date(2026, 1, 1)), (2, dt.date(2025, 1, 1))])
def test_an_edition_must_follow_the_last(loaded, csv_text, number, valid_from):
    with pytest.raises(EditionClash):
        loaded.do(load_edition, number=number, name="x", valid_from=valid_from, source="test", csv=csv_text)


def test_a_second_edition_keeps_numbers_defaults_and_legacy_codes_and_maps_what_it_retires(loaded, csv_text):
    loaded.do(set_class_default, kind="event", class_code="09", value=1, unit="working_days")
    loaded.do(
        load_edition,
        number=2,
        name="two",
        valid_from=NEXT,
        source="test",
        csv=edition_two(csv_text),
        successors={"event:06010": "event:06053"},
    )
    catalogue = held(loaded)

    found, said = catalogue.resolve("event", "06010", 1, at=LATER)
    assert (found.code, found.edition, said) == ("06053", 2, MAPPED)
    assert catalogue.resolve("event", "06010", 1, at=dt.datetime(2026, 6, 1, tzinfo=dt.UTC)) == (catalogue.find("event", "06010", 1), None)
    assert catalogue.map_legacy("event", "01-10", at=LATER).code == "06053"
    assert sorted(catalogue.find("component", "01001", 2).conditions) == [2, 3, 4]
    assert catalogue.find("component", "01001", 1).conditions[2].text == catalogue.find("component", "01001", 2).conditions[2].text
    assert catalogue.find("event", "09003", 2).conditions[1].limit_source == "class_default"
    retired = loaded.ask(queries.category_docs, ["event:06010"])["event:06010"]
    assert (retired["retired_from"], retired["successor"]) == (NEXT, "event:06053")
    assert feed(loaded)["event:06010"] == retired["version"] == 2


@pytest.mark.parametrize("successors", [{"event:06011": "event:06053"}, {"event:06010": "event:06099"}, {"event:99999": "event:06053"}])
def test_a_succession_that_does_not_hold_is_refused(loaded, csv_text, successors):
    with pytest.raises(SuccessorInvalid):
        loaded.do(load_edition, number=2, name="two", valid_from=NEXT, source="test", csv=edition_two(csv_text), successors=successors)


def test_the_journal_keeps_what_a_default_was(loaded):
    loaded.do(set_class_default, by="admin", kind="event", class_code="09", value=1, unit="working_days")
    loaded.do(set_class_default, by="admin", kind="event", class_code="09", value=2, unit="calendar_days")

    def last(session):
        return session.query(JournalEntry).filter_by(event="class_default.set").order_by(JournalEntry.seq.desc()).first()

    entry = loaded.ask(last)
    assert entry.facts == '{"unit":"calendar_days","value":2,"was":[1,"working_days"]}'
    assert entry.actor == loaded.person("admin")


# Through the front door


def test_the_catalogue_is_sent_whole_once_and_then_304_until_it_changes(loaded):
    lin = loaded.client("lin")
    first = lin.get("/api/v1/catalog")
    assert first.status_code == 200
    assert (len(first.json["categories"]), len(first.json["trades"])) == (282, 6)
    assert first.json["categories"][0]["name"] == {"zh": "供水井盖", "en": "Water supply manhole cover"}

    again = lin.get("/api/v1/catalog", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")

    loaded.do(set_class_default, kind="event", class_code="09", value=1, unit="working_days")
    changed = lin.get("/api/v1/catalog", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != first.headers["ETag"]


def test_an_unknown_edition_is_not_found(loaded):
    answer = loaded.client("lin").get("/api/v1/catalog?edition=7")
    assert (answer.status_code, answer.json["type"]) == (404, "/problems/category_not_found")


def test_no_edition_at_all_is_not_found(cast):
    assert cast.client("lin").get("/api/v1/catalog").status_code == 404


def test_a_category_is_answered_by_its_code_or_by_that_of_2013(loaded):
    lin = loaded.client("lin")
    now, legacy = lin.get("/api/v1/catalog/event/06010").json, lin.get("/api/v1/catalog/event/01-10").json

    assert now["code"] is None
    assert (legacy["code"], legacy["category"]) == (MAPPED, now["category"])
    assert now["category"]["class"] == {"code": "06", "zh": "市容环境类", "en": "City appearance and environment"}
    assert now["policy"] == {"auto_file": False, "auto_dispatch": False}
    assert lin.get("/api/v1/catalog/event/01-10?edition=1").status_code == 404
    assert lin.get("/api/v1/catalog/event/04-07").status_code == 404


def test_an_administrator_sets_a_default(loaded):
    default = loaded.client("admin").put("/api/v1/catalog/defaults/event/09", json={"value": 2, "unit": "working_days"})
    assert (default.status_code, default.json["edition"]) == (200, 1)
    answer = loaded.client("lin").get("/api/v1/catalog/event/09003").json
    assert answer["category"]["conditions"][0]["limit"] == {"value": 2, "unit": "working_days"}


def test_an_administrator_loads_an_edition(cast, csv_text):
    body = {"number": 1, "name": "2026", "valid_from": "2026-01-01", "source": "test", "csv": csv_text}
    assert cast.client("admin").post("/api/v1/catalog/editions", json=body).status_code == 201
    again = cast.client("admin").post("/api/v1/catalog/editions", json=body)
    assert (again.status_code, again.json["type"]) == (409, "/problems/edition_clash")


@pytest.mark.parametrize("login", ["stranger", "lin", "sun", "qian", "li", "yu"])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("post", "editions", {"number": 2, "name": "x", "valid_from": "2027-01-01", "source": "x", "csv": "x"}),
        ("put", "defaults/event/09", {"value": 2, "unit": "working_days"}),
    ],
)
def test_only_an_administrator_changes_the_catalogue(cast, login, method, path, body):
    assert getattr(cast.client(login), method)(f"/api/v1/catalog/{path}", json=body).status_code == 403


@pytest.mark.parametrize("path", ["catalog", "catalog/event/06010"])
def test_who_is_not_signed_in_reads_nothing(client, path):
    assert client.get(f"/api/v1/{path}").status_code == 401


def test_two_editions_load_alike_on_both_databases(any_app, csv_text):
    cast = Cast(any_app)
    cast.do(load_edition, number=1, name="one", valid_from=dt.date(2026, 1, 1), source="test", csv=csv_text)
    cast.do(set_class_default, kind="event", class_code="09", value=1, unit="working_days")
    successors = {"event:06010": "event:06053"}
    cast.do(load_edition, number=2, name="two", valid_from=NEXT, source="test", csv=edition_two(csv_text), successors=successors)

    catalogue = held(cast)
    assert [len(catalogue.categories(number)) for number in (1, 2)] == [282, 282]
    assert catalogue.resolve("event", "01-10", at=LATER)[0].code == "06053"
    assert catalogue.find("event", "09003").conditions[1].limit_source == "class_default"
