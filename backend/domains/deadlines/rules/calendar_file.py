"""Day overrides as CSV: `date,working,note_zh,note_en`, the format of data/calendar_cn.csv and of an administrator's import."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Collection

from backend.core.problems import Invalid
from backend.domains.deadlines.rules.calendar import DayOverride

COLUMNS = ["date", "working", "note_zh", "note_en"]
LONGEST_NOTE = 100
SHOWN = 50  # faults named in one refusal; a file in the wrong format has a fault on every line

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class CalendarFileInvalid(Invalid):
    """A calendar file with a fault; nothing of it is taken."""

    slug = "calendar_file_invalid"
    title = "The calendar file cannot be used"
    title_zh = "日历文件无法使用"
    way_out = "Correct every line listed under errors and send the whole file again; nothing was changed."
    way_out_zh = "请更正 errors 中列出的每一行，并重新提交整个文件；数据未作任何改动。"


def overrides_from_csv(text: str, *, years: Collection[int]) -> dict[dt.date, DayOverride]:
    """Read day overrides. `years` are those the file is for.

    First line `date,working,note_zh,note_en`; `date` as 2026-02-14, `working` 1 or 0; a BOM and blank lines are let pass. Raises
    CalendarFileInvalid with one error per fault, pointer `/lines/<line number>/<column>`: bad date, date given twice, date of a year the
    file is not for, `working` that is neither 1 nor 0, a note too long, wrong number of columns, and a year of which it says nothing.
    """
    overrides: dict[dt.date, DayOverride] = {}
    first_seen: dict[dt.date, int] = {}
    faults: list[tuple[str, str]] = []
    reader = csv.reader(text.removeprefix("\ufeff").splitlines(), strict=True)
    try:
        header = [column.strip() for column in next(reader, [])]
        if header != COLUMNS:
            _refuse([("/lines/1", f"the first line must be {','.join(COLUMNS)}, not {','.join(header)[:80]!r}")])
        for row in filter(None, reader):
            line = reader.line_num
            day, override, wrong = _row(row, years)
            if day in first_seen:
                wrong.append(("/date", f"{day} was already given on line {first_seen[day]}"))
            faults += [(f"/lines/{line}{column}", why) for column, why in wrong]
            if day is not None:
                first_seen.setdefault(day, line)
                overrides[day] = override
    except csv.Error as error:
        faults.append((f"/lines/{reader.line_num}", f"not CSV: {error}"))
    if not faults:
        faults = [("/lines", f"nothing is said about {year}") for year in sorted(set(years) - {day.year for day in overrides})]
    if faults:
        _refuse(faults)
    return overrides


def _row(row: list[str], years: Collection[int]) -> tuple[dt.date | None, DayOverride, list[tuple[str, str]]]:
    """One line: its day (None where it cannot be read), what it says and its faults as (column pointer, why)."""
    if len(row) != len(COLUMNS):
        return None, DayOverride(working=False), [("", f"{len(row)} columns instead of {len(COLUMNS)}")]
    written, working, note_zh, note_en = (cell.strip() for cell in row)
    wrong: list[tuple[str, str]] = []
    day = _day(written)
    if day is None:
        wrong.append(("/date", f"{written[:20]!r} is no date like 2026-02-14"))
    elif day.year not in years:
        wrong.append(("/date", f"{day} is not in {', '.join(map(str, sorted(years)))}, which this file is for"))
    if working not in ("0", "1"):
        wrong.append(("/working", f"{working[:20]!r} is neither 1 (works) nor 0 (off)"))
    wrong += [
        (f"/{column}", f"longer than {LONGEST_NOTE} characters")
        for column, note in (("note_zh", note_zh), ("note_en", note_en))
        if len(note) > LONGEST_NOTE
    ]
    return day, DayOverride(working == "1", note_zh, note_en), wrong


def _refuse(faults: list[tuple[str, str]]) -> None:
    pointer, fault = faults[0]
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    raise CalendarFileInvalid(f"{pointer}: {fault}{more}", errors=faults[:SHOWN])


def _day(written: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(written) if _DATE.fullmatch(written) else None
    except ValueError:
        return None
