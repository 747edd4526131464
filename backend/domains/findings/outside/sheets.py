"""Sheets as Excel reads them (Office Open XML), written row by row with XlsxWriter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import IO, Any
from zoneinfo import ZoneInfo

import xlsxwriter

from backend.domains.findings.rules.sheets import Cell, Column

MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LOCAL = ZoneInfo("Asia/Shanghai")
_LONGEST = 32_767
"""Characters that a cell holds."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a text begins that Excel takes for a formula once somebody edits the cell, or opens the sheet saved as CSV."""
_OPTIONS = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def write_sheet(
    file: IO[bytes], *, title: str, says: str, at: dt.datetime, columns: Sequence[Column], rows: Iterable[Sequence[Cell]], most: int
) -> int:
    """Write the rows under a title and one heading a column, at most `most`; how many there are in the sheet.

    Texts are texts, whatever they begin with. Moments are written in Beijing time, which the headings say. A sheet that was cut says so.
    """
    book = xlsxwriter.Workbook(file, _OPTIONS)
    book.set_properties({"title": title, "created": at.astimezone(dt.UTC).replace(tzinfo=None)})
    formats = _Formats(book)
    sheet = book.add_worksheet()
    sheet.write_string(0, 0, title, formats.title)
    sheet.write_string(1, 0, f"{says} {_beijing(at):%Y-%m-%d %H:%M}", formats.plain)
    for number, column in enumerate(columns):
        sheet.set_column(number, number, column.width)
    for number, column in enumerate(columns):
        sheet.write_string(2, number, f"{column.heading_zh}\n{column.heading}", formats.heading)
    sheet.freeze_panes(3, 1)
    written = 0
    for cells in rows:
        if written == most:
            said = f"此表仅含前 {most} 行，请缩小范围后重新导出。 Only the first {most} rows: narrow the list and export again."
            sheet.write_string(3 + written, 0, said, formats.title)
            break
        for number, (cell, column) in enumerate(zip(cells, columns, strict=True)):
            _write(sheet, (3 + written, number), cell, column, formats)
        written += 1
    sheet.autofilter(2, 0, 2 + written, len(columns) - 1)
    book.close()
    return written


class _Formats:
    """The few formats there are."""

    def __init__(self, book: Any) -> None:
        self.title = book.add_format({"bold": True})
        self.plain = book.add_format({})
        self.heading = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        self.text = book.add_format({"num_format": "@"})
        self.quoted = book.add_format({"num_format": "@", "quote_prefix": True})
        self.moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})


def _write(sheet: Any, at: tuple[int, int], cell: Cell, column: Column, formats: _Formats) -> None:
    if cell is None or cell == "":
        return
    if isinstance(cell, dt.datetime):
        sheet.write_datetime(*at, _beijing(cell).replace(tzinfo=None), formats.moment)
    elif column.kind == "number" and isinstance(cell, int):
        sheet.write_number(*at, cell)
    else:
        text = str(cell)[:_LONGEST]
        sheet.write_string(*at, text, formats.quoted if text.startswith(_FORMULA) else formats.text)


def _beijing(at: dt.datetime) -> dt.datetime:
    return at.astimezone(_LOCAL)
