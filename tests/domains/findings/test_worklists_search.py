"""Finding by number, address and words; two Chinese characters are enough, and nobody finds what is not theirs to see."""

from __future__ import annotations

from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from backend.domains.findings.actions.search import index_finding
from backend.domains.findings.model.texts import FindingText
from backend.domains.findings.rules.grams import fits, folded, grams_of, scope_grams, staff_gram, terms_of
from tests.make.district import EAST


def searched(district, login, q, **query):
    answer = district.client(login).get("/api/v1/findings/search", query_string={"q": q, **query})
    assert answer.status_code == 200, answer.text
    return answer.json


def found(district, login, q, **query):
    return [line["finding"] for line in searched(district, login, q, **query)["items"]]


@pytest.fixture
def lane(district, story):
    """Two findings in Lin's town, one in Wu's."""
    first = story.recorded(address="东湖中路12号", note="路灯不亮，井盖破损")
    second = story.recorded(address="藕花洲大街88号", note="垃圾桶满溢 ABC-7")
    east = story.recorded(address="东湖中路300号", at=EAST)
    district.settle()
    return first, second, east


def test_two_characters_find_it_wherever_they_stand(district, lane):
    first, second, east = lane
    assert found(district, "zhao", "路灯") == [first]
    assert found(district, "zhao", "湖中") == [east, first]
    assert found(district, "zhao", "满溢") == [second]
    assert found(district, "zhao", "灯路") == []


def test_parts_between_spaces_must_all_be_there(district, lane):
    first, second, _ = lane
    assert found(district, "zhao", "东湖 井盖") == [first]
    assert found(district, "zhao", "东湖 垃圾") == []
    assert found(district, "zhao", "藕花洲大街88号") == [second]
    assert found(district, "zhao", "abc") == [second]


def test_a_pair_of_characters_is_no_match_for_a_text_that_only_has_its_pieces(district, story):
    story.recorded(note="大街小巷，小街大巷")
    district.settle()
    assert found(district, "zhao", "大街大巷") == []


def test_the_number_is_found_whole_and_by_its_end(district, lane):
    number = searched(district, "zhao", "路灯")["items"][0]["number"]
    assert found(district, "zhao", number) == [lane[0]]
    assert lane[0] in found(district, "zhao", number.rsplit("-", 1)[1])
    assert lane[0] in found(district, "zhao", number.rsplit("-", 1)[1].lstrip("0"))


def test_a_number_is_found_before_the_worker_has_read_the_finding(district, story):
    finding = story.recorded()
    number = story.seen_by("zhao", finding)["number"]
    assert found(district, "zhao", number) == [finding]
    assert found(district, "wu", number) == []


def test_everybody_finds_what_they_may_see_and_no_more(district, lane, story):
    first, _, east = lane
    assert found(district, "wu", "东湖") == [east]
    assert found(district, "tang", "东湖") == [first]
    assert found(district, "qian", "东湖") == []
    assert district.client("stranger").get("/api/v1/findings/search", query_string={"q": "东湖"}).status_code == 403


def test_a_contractor_finds_it_once_it_is_dispatched_to_it(district, story):
    finding = story.filed(address="东湖中路")
    district.settle()
    assert found(district, "qian", "东湖") == []
    story.desk("sun", finding, "dispatches")
    district.settle()
    assert found(district, "qian", "东湖") == [finding]
    assert found(district, "feng", "东湖") == []


def test_what_is_amended_or_noted_is_found_by_its_new_words_and_no_more_by_the_old(district, story):
    finding = story.recorded(note="路灯不亮")
    story.desk("zhao", finding, "notes", text="已联系电力")
    district.settle()
    assert found(district, "zhao", "电力") == [finding]
    story.desk("zhao", finding, "amendments", fields={"note": {"seen": "路灯不亮", "value": "井盖松动"}})
    district.settle()
    assert found(district, "zhao", "路灯") == []
    assert found(district, "zhao", "井盖") == [finding]


def test_a_contractor_finds_nothing_by_words_of_notes_and_learns_nothing_from_the_cursor(district, story):
    noted, plain = story.dispatched(note="路灯不亮"), story.dispatched(note="路灯不亮，疑似造假")
    story.desk("zhao", noted, "notes", text="钱进疑似造假 secret77")
    district.settle()
    assert found(district, "zhao", "疑似造假") == [plain, noted]
    assert found(district, "zhao", "路灯 secret77") == [noted]  # a word of its own, a word of a note
    assert (found(district, "qian", "路灯"), found(district, "qian", "secret77")) == ([plain, noted], [])
    assert found(district, "qian", "疑似造假") == [plain]
    assert searched(district, "qian", "造假", limit=2)["next"] is None
    district.do(index_finding, finding=UUID(noted))
    assert found(district, "qian", "造假") == [plain]


def test_only_open_ones_where_that_is_asked(district, story):
    finding = story.recorded(note="路灯")
    district.settle()
    assert found(district, "zhao", "路灯", open="true") == [finding]
    story.lin.do("withdraw_finding", finding, {"reason": "twice"})
    story.lin.pushed()
    assert found(district, "zhao", "路灯", open="true") == []
    assert found(district, "zhao", "路灯") == [finding]


def test_pages_follow_each_other_without_a_gap_or_a_repeat(district, story):
    made = [story.recorded(note=f"路灯 {number}") for number in range(5)]
    district.settle()
    seen, cursor = [], None
    while True:
        page = searched(district, "zhao", "路灯", limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [line["finding"] for line in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == made[::-1]


@pytest.mark.parametrize("q", ["路", "，。", "-", '"', "*", "()"])
def test_what_cannot_be_looked_up_is_refused_by_name(district, q):
    answer = district.client("zhao").get("/api/v1/findings/search", query_string={"q": q})
    assert answer.status_code == 422
    assert answer.json["type"] == "/problems/search_too_short"


@pytest.mark.parametrize("q", ['路灯" OR "井盖', "路灯 AND NOT 井盖", "grams:路灯", "路灯*", "§town330113001 路灯", "路灯' OR 1=1 --"])
def test_nobody_speaks_the_databases_language_through_a_search(district, lane, q):
    assert found(district, "wu", q) == []


def test_a_cursor_of_another_list_is_refused(district):
    answer = district.client("zhao").get("/api/v1/findings/search", query_string={"q": "路灯", "cursor": "WyJzZWFyY2giLG51bGxd"})
    assert answer.status_code == 422


def test_read_twice_it_stands_there_once(district, story):
    finding = story.recorded(note="路灯")
    district.settle()
    before = district.rows(sa.select(FindingText.id, FindingText.grams))
    district.do(index_finding, finding=UUID(finding))
    assert district.rows(sa.select(FindingText.id, FindingText.grams)) == before


TEXT = st.text(st.sampled_from("东湖中路灯井盖垃圾桶0129abcＡＢ ，-（）号"), max_size=30)


@given(TEXT, TEXT)
def test_whatever_fits_is_among_the_grams(text, query):
    terms = terms_of(query)
    if fits(query, folded(text)) and all(term for term in query.split()):
        grams = set(grams_of([text]))
        whole = {term for term in terms if len(term) == 2 and not term.isascii()}
        assert whole <= grams


@given(st.text(max_size=40))
def test_grams_are_letters_and_digits_alone_and_like_no_scope(text):
    for gram in grams_of([text]):
        assert gram.isalnum()
    scopes = {*scope_grams(["town:330113001", "user:0190-af"])}
    assert scopes == {"§town330113001", "§user0190af"}
    assert not scopes & set(grams_of([text, *scopes]))
    assert not {staff_gram(gram) for gram in grams_of([text])} & {*grams_of([text]), *scopes}


def test_full_width_letters_and_large_ones_are_the_same_letters():
    assert set(terms_of("ＡＢＣ７")) <= set(grams_of(["abc7"]))
    assert fits("ＡＢＣ７", folded("abc7"))
