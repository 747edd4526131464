"""The explanation for people, in Chinese and English."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from backend.domains.deadlines.rules.calendar import MICROSECOND, SHANGHAI
from backend.domains.deadlines.rules.explain.steps import Step
from backend.domains.deadlines.rules.limits import Limit, Unit

Language = Literal["zh", "en"]

UNIT_NAMES: dict[Unit, tuple[str, str, str]] = {  # zh, en singular, en plural
    "urgent_hours": ("紧急工作时", "urgent hour", "urgent hours"),
    "working_hours": ("工作时", "working hour", "working hours"),
    "working_days": ("工作日", "working day", "working days"),
    "calendar_days": ("自然日", "calendar day", "calendar days"),
    "working_minutes": ("工作分钟", "working minute", "working minutes"),
}
HOW_COUNTED: dict[Unit, tuple[str, str]] = {
    "urgent_hours": ("连续计时，夜间、周末和节假日均计入", "every hour counts, at night and on days off too"),
    "working_hours": ("仅计工作日的工作时间", "only the working hours of working days count"),
    "working_days": (
        "每个工作日按 8 个工作时计，仅计工作日的工作时间",
        "8 working hours each, inside the hours of working days only",
    ),
    "calendar_days": ("每个自然日按 24 小时计，所有日期均计入", "24 hours each, all days count"),
    "working_minutes": ("仅计工作日的工作时间", "only the working time of working days counts"),
}
_WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def sentences(steps: Iterable[Step], language: Language, tz: ZoneInfo = SHANGHAI) -> list[str]:
    """One sentence per step, in Chinese (`zh`) or English (`en`), times as wall time of `tz`. Raises ValueError for another language."""
    if language not in ("zh", "en"):
        raise ValueError(f"no sentences in {language!r}")
    say = _chinese if language == "zh" else _english
    return [say(step, tz) for step in steps]


def _chinese(step: Step, tz: ZoneInfo) -> str:  # noqa: PLR0911, PLR0912, C901 - one sentence a kind
    at, span, why = _time_zh(step.start, tz), _span_zh(step, tz), f"，原因：{step.note_zh}" if step.note_zh else ""
    match step.kind:
        case "limit" if step.amount is not None:
            return f"{at} 开始计时，时限 {_limit_zh(step.amount)}（{HOW_COUNTED[step.amount.unit][0]}）。"
        case "extended" if step.amount is not None:
            return f"{at} 批准延期 {_limit_zh(step.amount)}，共 {_duration_zh(step.granted)}{why}。"
        case "restarted" if step.amount is not None and step.added:
            return f"{at} 返工，剩余时间不足 {_limit_zh(step.amount)}，补足 {_duration_zh(step.added)}{why}。"
        case "restarted":
            return f"{at} 返工，按剩余时间继续计时{why}。"
        case "outside_hours":
            return f"{span}：非工作时间，不计时。"
        case "day_off":
            return f"{_dates_zh(step, tz)}：{step.note_zh}，不计时。"
        case "counted":
            hours = f"（工作时间 {step.note_zh}）" if step.note_zh else ""
            return f"{span}：计时 {_duration_zh(step.counted)}{hours}。"
        case "make_up_day":
            return f"{span}：{step.note_zh}，计时 {_duration_zh(step.counted)}。"
        case "paused":
            return f"{span}：暂停计时{why}。"
        case "suspended":
            return f"{span}：挂账，停止计时{why}。"
        case "stopped" if step.end is None:
            return f"{at} 交回处置结果，停止计时。"
        case "stopped":
            return f"{span}：已交回处置结果，不计时。"
        case "due":
            return f"截止时间：{at}（共计 {_duration_zh(step.granted)}）。"
        case _:
            return f"{step.year} 年的工作日历尚未发布，截止时间待定；日历补录后自动计算。"


def _english(step: Step, tz: ZoneInfo) -> str:  # noqa: PLR0911, PLR0912, C901 - one sentence a kind
    at, span, why = _time_en(step.start, tz), _span_en(step, tz), f": {step.note_en}" if step.note_en else ""
    match step.kind:
        case "limit" if step.amount is not None:
            return f"The clock starts at {at} with {_limit_en(step.amount)} ({HOW_COUNTED[step.amount.unit][1]})."
        case "extended" if step.amount is not None:
            return f"Extended at {at} by {_limit_en(step.amount)}, {_duration_en(step.granted)} in all{why}."
        case "restarted" if step.amount is not None and step.added:
            return f"Rework from {at}; less than {_limit_en(step.amount)} was left, so {_duration_en(step.added)} were added{why}."
        case "restarted":
            return f"Rework from {at}; the clock runs on with the time that was left{why}."
        case "outside_hours":
            return f"{span}: outside working hours, does not count."
        case "day_off":
            return f"{_dates_en(step, tz)}: {step.note_en}, does not count."
        case "counted":
            hours = f" (working hours {step.note_en})" if step.note_en else ""
            return f"{span}: {_duration_en(step.counted)} counted{hours}."
        case "make_up_day":
            return f"{span}: {step.note_en}, {_duration_en(step.counted)} counted."
        case "paused":
            return f"{span}: the clock is paused{why}."
        case "suspended":
            return f"{span}: suspended, the clock stands{why}."
        case "stopped" if step.end is None:
            return f"Handed back at {at}; the clock is stopped."
        case "stopped":
            return f"{span}: handed back, does not count."
        case "due":
            return f"Due at {at} ({_duration_en(step.granted)} in all)."
        case _:
            return f"The working calendar of {step.year} is not known yet; the deadline is worked out once that year is added."


def _date_zh(day: dt.date) -> str:
    return f"{day.year}年{day.month}月{day.day}日（周{'一二三四五六日'[day.weekday()]}）"


def _date_en(day: dt.date) -> str:
    return f"{_WEEKDAYS_EN[day.weekday()]} {day.day} {_MONTHS_EN[day.month - 1]} {day.year}"


def _clock(local: dt.datetime) -> str:
    return f"{local:%H:%M:%S}" if local.second or local.microsecond else f"{local:%H:%M}"


def _time_zh(instant: dt.datetime, tz: ZoneInfo) -> str:
    local = instant.astimezone(tz)
    return f"{_date_zh(local.date())}{_clock(local)}"


def _time_en(instant: dt.datetime, tz: ZoneInfo) -> str:
    local = instant.astimezone(tz)
    return f"{_date_en(local.date())} {_clock(local)}"


def _span_zh(step: Step, tz: ZoneInfo) -> str:
    if step.end is None:
        return f"{_time_zh(step.start, tz)}起"
    same_day = step.start.astimezone(tz).date() == step.end.astimezone(tz).date()
    end = _clock(step.end.astimezone(tz)) if same_day else _time_zh(step.end, tz)
    return f"{_time_zh(step.start, tz)}至{end}"


def _span_en(step: Step, tz: ZoneInfo) -> str:
    if step.end is None:
        return f"From {_time_en(step.start, tz)}"
    same_day = step.start.astimezone(tz).date() == step.end.astimezone(tz).date()
    end = _clock(step.end.astimezone(tz)) if same_day else _time_en(step.end, tz)
    return f"{_time_en(step.start, tz)} to {end}"


def _dates(step: Step, tz: ZoneInfo) -> tuple[dt.date, dt.date]:
    end = step.end or step.start + MICROSECOND
    return step.start.astimezone(tz).date(), (end - MICROSECOND).astimezone(tz).date()


def _dates_zh(step: Step, tz: ZoneInfo) -> str:
    first, last = _dates(step, tz)
    return _date_zh(first) if first == last else f"{_date_zh(first)}至{_date_zh(last)}"


def _dates_en(step: Step, tz: ZoneInfo) -> str:
    first, last = _dates(step, tz)
    return _date_en(first) if first == last else f"{_date_en(first)} to {_date_en(last)}"


def _number(value: Decimal | int) -> str:
    return format(Decimal(value).normalize(), "f")


def _limit_zh(limit: Limit) -> str:
    return f"{_number(limit.value)} 个{UNIT_NAMES[limit.unit][0]}"


def _limit_en(limit: Limit) -> str:
    return f"{_number(limit.value)} {UNIT_NAMES[limit.unit][1 if limit.value == 1 else 2]}"


def _parts(amount: dt.timedelta | None) -> tuple[int, int, str]:
    amount = amount or dt.timedelta()
    minutes, rest = divmod(amount, dt.timedelta(minutes=1))
    seconds = Decimal(rest // MICROSECOND) / 1_000_000
    return minutes // 60, minutes % 60, _number(seconds)


def _duration_zh(amount: dt.timedelta | None) -> str:
    hours, minutes, seconds = _parts(amount)
    said = [f"{hours} 小时"] * bool(hours) + [f"{minutes} 分"] * bool(minutes) + [f"{seconds} 秒"] * (seconds != "0")
    return " ".join(said) or "0 分"


def _duration_en(amount: dt.timedelta | None) -> str:
    hours, minutes, seconds = _parts(amount)
    said = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes) + [f"{seconds} s"] * (seconds != "0")
    return " ".join(said) or "0 min"
