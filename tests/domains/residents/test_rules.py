"""The rules of residents by themselves: what is taken out of texts, masks, receipts, turns, who sees what."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.act import Actor, Grant
from backend.domains.residents.rules import access, receipts, redacting, status, turns
from backend.domains.residents.rules.receipts import TooManyTurns

NOW = dt.datetime(2026, 11, 24, 4, tzinfo=dt.UTC)
KEY = "a-secret-of-the-server"


@pytest.mark.parametrize(
    "number",
    [
        "13812345678",
        "138 1234 5678",
        "138-1234-5678",
        "+86 138 1234 5678",
        "008613812345678",
        "１３８１２３４５６７８",
        "1 3 8 1 2 3 4 5 6 7 8",
        "0571-88889999",
        "(0571) 8888 9999",
        "010 62345678",
        "+44 1782 000 000",
        "330106199001011234",
        "33010619900101123X",
        "330106 19900101 1234",
        "6222 0212 0200 1234 567",
        "wang.xiaoming@example.com.cn",
        "微信：wang_12345",
        "微信号wxm-2020",
        "QQ 123456789",
        "vx:abc12345",
        "138/0000/1111",
        "138,0000,1111",
        "138，0000，1111",
        "138。0000。1111",
        "138—— 0000 ——1111",
        "1/3/8/0/0/0/0/1/1/1/1",
        "一三八零零零零一一一一",
        "幺三八〇〇〇〇幺幺幺幺",
        "一三八 0000 一一一一",
        "①③⑧00001111",
        "wx: abc_def12",
        "wxid_abc12345",
        "加V：zhang12345",
        "ＶＸ：ａｂｃ１２３４５",
    ],
)
def test_personal_numbers_are_taken_out_wherever_they_stand(number):
    for before, after in (("", ""), ("请打", "谢谢"), ("Call ", ", please"), ("。", "。")):
        assert redacting.redact(f"{before}{number}{after}") == f"{before}{redacting.REMOVED}{after}"
    assert redacting.redact(f"{number}，{number}").count(redacting.REMOVED) == 2


@pytest.mark.parametrize(
    "text",
    [
        "星河南路1288号12幢3单元501室",
        "路灯杆号 LD-20231105 不亮",
        "案卷 330113-20261123-00042",
        "井盖直径700毫米，坏了2天",
        "公交330路、K191路站牌倒了",
        "从2026年11月20日起一直积水",
        "车牌浙A12345违停",
        "12345热线说已派单",
        "经度120.299，纬度30.419",
        "一三八路口、八一四五号井盖，一二三四五六七八九十",
        "井盖13、14、15、16、17、18号",
        "杆号 WX20231105 不亮",
        "加V形护栏",
    ],
)
def test_what_says_where_and_what_stays(text):
    assert redacting.redact(text) == text


@pytest.mark.parametrize("text", ["13812345678一直没人接", "之一13812345678", "①13812345678", "一三八一二三四五六七八一直没人接"])
def test_a_numeral_beside_a_number_does_not_hide_it(text):
    assert redacting.REMOVED in redacting.redact(text)
    assert not any(part in redacting.redact(text) for part in ("12345", "二三四五"))


@given(st.text("0189一三八零①,，/-— 路wxV:abc", max_size=60))
def test_redacting_what_nearly_is_a_number_twice_is_as_once(text):
    once = redacting.redact(text)
    assert redacting.redact(once) == once


@given(st.text(max_size=300))
def test_redacting_never_lengthens_and_twice_is_as_once(text):
    once = redacting.redact(text)
    assert len(once) <= len(text)
    assert redacting.redact(once) == once


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.text("路口坏了 ,.。abc", max_size=20), st.sampled_from(["", " ", "-", "."]))
def test_no_mobile_number_survives_whatever_stands_around_it(number, around, separator):
    spaced = separator.join((number[:3], number[3:7], number[7:]))
    assert number[3:7] not in redacting.redact(f"{around}{spaced}{around}")


@pytest.mark.parametrize(
    ("name", "masked"), [("王", "王*"), ("王明", "王*"), ("欧阳小明明", "欧***"), ("John Smith", "J***"), (None, None), ("", None)]
)
def test_a_name_keeps_its_first_letter(name, masked):
    assert redacting.mask_name(name) == masked


@pytest.mark.parametrize(
    ("phone", "masked"), [("13812345678", "138******78"), ("+86 138-1234-5678", "861********78"), ("88889999", "******99"), (None, None)]
)
def test_a_phone_number_keeps_too_little_to_be_called(phone, masked):
    assert redacting.mask_phone(phone) == masked


@given(st.binary(min_size=15, max_size=15))
def test_a_receipt_reads_back_whichever_way_it_is_typed(chance):
    receipt = receipts.receipt_of(dt.date(2026, 11, 23), chance)
    secret = receipts.secret_of(chance)
    assert len(receipt) == 17 and len(secret) == 19 and not set("ILOU") & set(receipt + secret)
    for typed in (receipt, receipt.lower(), receipt.replace("-", ""), f"  {receipt.replace('0', 'o').replace('1', 'l')} "):
        assert receipts.normal_receipt(typed) == receipt
    assert receipts.digest_of(secret.lower().replace("-", " ")) == receipts.digest_of(secret)


@given(st.text(max_size=60))
def test_whatever_is_typed_for_a_receipt_or_secret_is_no_fault(text):
    receipts.normal_receipt(text)
    assert len(receipts.digest_of(text)) == 32


def test_turns_begin_anew_when_their_time_is_over():
    allowed = turns.TURNS["wrong"]
    assert turns.check_turn("wrong", None, 0, NOW)
    assert not turns.check_turn("wrong", NOW, allowed.most - 1, NOW)
    with pytest.raises(TooManyTurns) as refused:
        turns.check_turn("wrong", NOW, allowed.most, NOW + dt.timedelta(minutes=14, seconds=30))
    assert refused.value.headers["Retry-After"] == "30"
    assert turns.check_turn("wrong", NOW, allowed.most, NOW + allowed.within)


def test_an_address_is_counted_by_household_and_kind_and_cannot_be_found_without_the_key():
    one = turns.key_of("report", "2001:db8:1:2::1", secret_key=KEY)
    for same in ("2001:db8:1:2:3:4:5:6", "2001:db8:1:f2::9"):
        assert one == turns.key_of("report", same, secret_key=KEY)
    assert turns.key_of("report", "::ffff:203.0.113.7", secret_key=KEY) == turns.key_of("report", "203.0.113.7", secret_key=KEY)
    assert turns.key_of("report", "::ffff:203.0.113.7", secret_key=KEY) != turns.key_of("report", "::ffff:203.0.113.8", secret_key=KEY)
    others = [
        turns.key_of("report", "2001:db8:1:102::1", secret_key=KEY),
        turns.key_of("wrong", "2001:db8:1:2::1", secret_key=KEY),
        turns.key_of("report", "2001:db8:1:2::1", secret_key="another"),
        turns.key_of("report", "no address", secret_key=KEY),
    ]
    assert len({one, *others}) == 5


@pytest.mark.parametrize(
    ("ago", "pending", "asked", "slug"),
    [
        (dt.timedelta(days=30), False, 0, None),
        (dt.timedelta(days=30, seconds=1), False, 0, "too_late_to_reopen"),
        (dt.timedelta(0), True, 0, "reopening_pending"),
        (dt.timedelta(0), False, 1, None),
        (dt.timedelta(0), False, 2, "too_late_to_reopen"),
        (None, False, 0, "too_late_to_reopen"),
    ],
)
def test_when_a_request_to_reopen_is_possible(ago, pending, asked, slug):
    closed_at = None if ago is None else NOW - ago

    def check():
        status.check_reopening(closed_at=closed_at, pending=pending, asked=asked, now=NOW)

    if slug is None:
        check()
    else:
        with pytest.raises((status.ReopeningPending, status.TooLateToReopen)) as refused:
            check()
        assert refused.value.slug == slug


@pytest.mark.parametrize(
    ("report", "finding", "dispatches", "stage"),
    [
        ("open", None, (), "received"),
        ("dismissed", None, (), "not_taken"),
        ("withdrawn", "withdrawn", (), "withdrawn"),
        ("taken_up", "dispatched", ("issued",), "ordered"),
        ("taken_up", "dispatched", ("handed_back", "rework"), "again"),
        ("taken_up", "dispatched", ("suspended",), "postponed"),
        ("taken_up", "appealed", (), "closed"),
        ("taken_up", "a_state_to_come", (), "in_work"),
    ],
)
def test_the_stage_of_a_report(report, finding, dispatches, stage):
    assert status.stage_of(report, finding, dispatches) == stage
    assert all(status.words(stage, follows=True).values())


class Somewhere:
    district, town, community = "330113", "330113001", None


def held(role, area):
    return Actor(UUID(int=1), "who", "who", (Grant(role, UUID(int=2), "town", area),))


@pytest.mark.parametrize(
    ("role", "area", "sees", "handles"),
    [
        ("acceptor", "330113", True, True),
        ("acceptor", "330113001", True, True),
        ("acceptor", "330113002", False, False),
        ("leader", "330113", True, False),
        ("liaison", "330113001001", False, False),
        ("contractor_manager", None, False, False),
        ("administrator", "330113", False, False),
    ],
)
def test_who_sees_a_report_and_who_deals_with_it(role, area, sees, handles):
    actor = held(role, area)
    assert access.covers(actor, Somewhere, access.READERS) is sees
    assert access.covers(actor, Somewhere, access.HANDLERS) is handles
