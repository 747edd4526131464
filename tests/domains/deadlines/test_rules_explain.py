"""The explanation: why a deadline is when it is, as data and in both languages."""

from __future__ import annotations

import datetime as dt

import pytest

from backend.domains.deadlines.rules.clock import compute
from backend.domains.deadlines.rules.events import Extended, Paused, Restarted, Resumed, Stopped, Suspended
from backend.domains.deadlines.rules.explain.sentences import sentences
from backend.domains.deadlines.rules.limits import Limit
from tests.domains.deadlines.almanac import CALENDAR, at

START = at("2026-02-13 16:00")  # the Friday before Spring Festival; the Saturday after it works


def steps(value, unit, start, *events):
    return compute(Limit(value, unit), start, CALENDAR, events).steps


def test_each_step_has_its_kind_its_time_and_what_it_counted():
    walked = [(step.kind, step.start, step.end, step.counted_minutes, step.days) for step in steps(2, "working_days", START)]
    assert walked == [
        ("limit", START, None, 0, 0),
        ("counted", START, at("2026-02-13 18:00"), 120, 1),
        ("make_up_day", at("2026-02-14 08:00"), at("2026-02-14 18:00"), 480, 1),
        ("day_off", at("2026-02-15 00:00"), at("2026-02-24 00:00"), 0, 9),
        ("counted", at("2026-02-24 08:00"), at("2026-02-24 16:00"), 360, 1),
        ("due", at("2026-02-24 16:00"), None, 0, 0),
    ]


def test_in_chinese():
    assert sentences(steps(2, "working_days", START), "zh") == [
        "2026年2月13日（周五）16:00 开始计时，时限 2 个工作日（每个工作日按 8 个工作时计，仅计工作日的工作时间）。",
        "2026年2月13日（周五）16:00至18:00：计时 2 小时（工作时间 08:00–12:00、14:00–18:00）。",
        "2026年2月14日（周六）08:00至18:00：春节调休上班，计时 8 小时。",
        "2026年2月15日（周日）至2026年2月23日（周一）：春节，不计时。",
        "2026年2月24日（周二）08:00至16:00：计时 6 小时（工作时间 08:00–12:00、14:00–18:00）。",
        "截止时间：2026年2月24日（周二）16:00（共计 16 小时）。",
    ]


def test_in_english():
    assert sentences(steps(2, "working_days", START), "en") == [
        "The clock starts at Fri 13 Feb 2026 16:00 with 2 working days (8 working hours each, inside the hours of working days only).",
        "Fri 13 Feb 2026 16:00 to 18:00: 2 h counted (working hours 08:00–12:00, 14:00–18:00).",
        "Sat 14 Feb 2026 08:00 to 18:00: make-up working day for Spring Festival, 8 h counted.",
        "Sun 15 Feb 2026 to Mon 23 Feb 2026: Spring Festival, does not count.",
        "Tue 24 Feb 2026 08:00 to 16:00: 6 h counted (working hours 08:00–12:00, 14:00–18:00).",
        "Due at Tue 24 Feb 2026 16:00 (16 h in all).",
    ]


@pytest.mark.parametrize(
    ("start", "until"),
    [
        ("2026-03-02 06:00", "2026-03-02 08:00"),
        ("2026-03-02 12:00", "2026-03-02 14:00"),
        ("2026-03-02 18:00", "2026-03-03 08:00"),
        ("2026-03-06 19:00", "2026-03-07 00:00"),  # then the weekend
    ],
)
def test_a_start_outside_working_time_is_said(start, until):
    step = steps(1, "working_hours", at(start))[1]
    assert (step.kind, step.start, step.end) == ("outside_hours", at(start), at(until))


def test_a_start_on_a_day_off_is_explained_by_that_day():
    step = steps(1, "working_hours", at("2026-03-07 10:00"))[1]
    assert (step.kind, step.end, step.note_zh, step.note_en) == ("day_off", at("2026-03-09 00:00"), "周末", "weekend")


def test_whole_weeks_make_one_step_each():
    kinds = [step.kind for step in steps(15, "working_days", at("2026-03-02 08:00"))]
    assert kinds == ["limit", "counted", "day_off", "counted", "day_off", "counted", "due"]


def test_an_urgent_limit_counts_in_one_go():
    said = sentences(steps(4, "urgent_hours", at("2026-02-16 22:15:05")), "en")
    assert said == [
        "The clock starts at Mon 16 Feb 2026 22:15:05 with 4 urgent hours (every hour counts, at night and on days off too).",
        "Mon 16 Feb 2026 22:15:05 to Tue 17 Feb 2026 02:15:05: 4 h counted.",
        "Due at Tue 17 Feb 2026 02:15:05 (4 h in all).",
    ]


def test_pauses_extensions_and_rework_say_why():
    events = [
        Extended(at("2026-03-02 09:30"), Limit(1, "working_hours"), "等待配件"),
        Paused(at("2026-03-02 10:00"), "申请退单"),
        Resumed(at("2026-03-02 10:30")),
        Suspended(at("2026-03-02 11:00"), at("2026-03-03 08:00"), "台风"),
        Stopped(at("2026-03-03 08:30")),
        Restarted(at("2026-03-03 10:00"), Limit(2, "working_hours"), "未修复"),
    ]
    walked = steps(1, "working_hours", at("2026-03-02 09:00"), *events)
    assert [step.kind for step in walked] == [
        "limit",
        "extended",
        "counted",
        "paused",
        "counted",
        "suspended",
        "counted",
        "stopped",
        "restarted",
        "counted",
        "due",
    ]
    english, chinese = sentences(walked, "en"), sentences(walked, "zh")
    assert english[1] == "Extended at Mon 2 Mar 2026 09:30 by 1 working hour, 2 h in all: 等待配件."
    assert english[3] == "Mon 2 Mar 2026 10:00 to 10:30: the clock is paused: 申请退单."
    assert english[8] == "Rework from Tue 3 Mar 2026 10:00; less than 2 working hours was left, so 2 h were added: 未修复."
    assert chinese[1] == "2026年3月2日（周一）09:30 批准延期 1 个工作时，共 2 小时，原因：等待配件。"
    assert chinese[5] == "2026年3月2日（周一）11:00至2026年3月3日（周二）08:00：挂账，停止计时，原因：台风。"
    assert chinese[8] == "2026年3月3日（周二）10:00 返工，剩余时间不足 2 个工作时，补足 2 小时，原因：未修复。"


def test_an_open_pause_is_where_the_explanation_ends():
    walked = steps(1, "working_days", at("2026-03-02 09:00"), Paused(at("2026-03-02 10:00"), "退单"))
    assert [step.kind for step in walked] == ["limit", "counted", "paused"]
    assert sentences(walked, "zh")[-1] == "2026年3月2日（周一）10:00起：暂停计时，原因：退单。"
    assert sentences(walked, "en")[-1] == "From Mon 2 Mar 2026 10:00: the clock is paused: 退单."


def test_what_came_after_the_deadline_is_left_out_but_for_where_the_clock_stands():
    events = [Paused(at("2026-03-03 10:00")), Resumed(at("2026-03-03 11:00")), Stopped(at("2026-03-04 10:00"))]
    assert [step.kind for step in steps(1, "working_hours", at("2026-03-02 09:00"), *events)] == ["limit", "counted", "due", "stopped"]


def test_a_pause_from_the_very_deadline_on_explains_nothing():
    events = [Paused(at("2026-03-02 10:00")), Resumed(at("2026-03-03 11:00"))]
    assert [step.kind for step in steps(1, "working_hours", at("2026-03-02 09:00"), *events)] == ["limit", "counted", "due"]


def test_a_clock_stopped_in_time_shows_the_deadline_that_was_in_force():
    walked = steps(1, "working_days", at("2026-03-02 09:00"), Stopped(at("2026-03-02 10:00")))
    assert [step.kind for step in walked] == ["limit", "counted", "stopped", "due"]
    assert sentences(walked, "en")[2:] == [
        "Handed back at Mon 2 Mar 2026 10:00; the clock is stopped.",
        "Due at Tue 3 Mar 2026 09:00 (8 h in all).",
    ]


def test_a_deadline_that_waits_counts_as_far_as_it_can_and_names_the_year():
    walked = steps(5, "working_days", at("2026-12-30 09:00"))
    assert [(step.kind, step.year) for step in walked] == [("limit", None), ("counted", None), ("awaiting_calendar", 2027)]
    assert walked[-1].start == at("2027-01-01 00:00")
    assert sentences(walked, "zh")[-1] == "2027 年的工作日历尚未发布，截止时间待定；日历补录后自动计算。"
    assert (
        sentences(walked, "en")[-1] == "The working calendar of 2027 is not known yet; the deadline is worked out once that year is added."
    )


def test_a_start_outside_the_coverage_says_only_that():
    assert [step.kind for step in steps(1, "working_days", at("2024-06-03 09:00"))] == ["limit", "awaiting_calendar"]


def test_seconds_are_said_where_there_are_any():
    said = sentences(steps(1, "working_hours", at("2026-03-02 11:30:30")), "zh")
    assert said[1] == "2026年3月2日（周一）11:30:30至14:30:30：计时 1 小时（工作时间 08:00–12:00、14:00–18:00）。"


def test_every_step_of_every_kind_has_a_sentence_in_both_languages():
    events = [
        Stopped(at("2026-03-07 12:00")),
        Restarted(at("2026-03-08 12:00")),
        Suspended(at("2026-03-09 12:00"), at("2026-06-01 12:00")),
        Paused(at("2026-12-31 18:00")),
    ]
    walked = [*steps(400, "working_days", at("2026-02-13 19:00"), *events), *steps(1, "working_hours", at("2026-03-02 09:00"))]
    assert {step.kind for step in walked} >= {"restarted", "outside_hours", "make_up_day", "stopped", "suspended", "paused", "due"}
    for language in ("zh", "en"):
        said = sentences(walked, language)
        assert len(said) == len(walked)
        assert not [sentence for sentence in said if "None" in sentence]


def test_another_language_is_refused():
    with pytest.raises(ValueError, match="fr"):
        sentences(steps(1, "working_hours", START), "fr")


def test_an_explanation_is_short_even_for_a_long_limit():
    outcome = compute(Limit(60, "working_days"), at("2026-02-11 15:00:30"), CALENDAR)
    assert outcome.due - outcome.start > dt.timedelta(days=80)
    assert len(outcome.steps) < 40
