"""Any worklist as a sheet: both languages, Beijing time, and no text that becomes a formula."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from xml.etree import ElementTree as ET

from backend.domains.findings.outside.sheets import write_sheet
from backend.domains.findings.rules.moves import STATES as ALL_STATES
from backend.domains.findings.rules.needs import FLAGS
from backend.domains.findings.rules.sheets import COLUMNS, NEEDS, STATES, Column

SHANGHAI = dt.timezone(dt.timedelta(hours=8))
NS = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
AT = dt.datetime(2026, 11, 23, 4, 30, tzinfo=dt.UTC)


def cells(content):
    """The sheet as `{reference: (type, text)}`, and its XML."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        xml = book.read("xl/worksheets/sheet1.xml").decode()
    found = {}
    for cell in ET.fromstring(xml).iterfind(".//m:c", NS):
        text = "".join(part.text or "" for part in cell.iterfind(".//m:t", NS))
        value = cell.find("m:v", NS)
        found[cell.get("r")] = (cell.get("t"), text if text or value is None else value.text)
    return found, xml


def written(rows, columns=COLUMNS, most=100):
    file = io.BytesIO()
    count = write_sheet(file, title="待立案 To file", says="说明 says", at=AT, columns=columns, rows=rows, most=most)
    return count, *cells(file.getvalue())


TEXT = Column("文字", "Text", 10, "text", lambda line: line["text"])


def test_a_text_that_looks_like_a_formula_stays_a_text():
    texts = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x")', "http://example.org", "12", "<b>&", "x\x07y"]
    _, found, xml = written([[text] for text in texts], [TEXT])
    assert [found[f"A{4 + number}"] for number in range(len(texts) - 1)] == [("inlineStr", text) for text in texts[:-1]]
    assert "<f>" not in xml
    assert "hyperlink" not in xml.lower().replace("=hyperlink", "")


def test_moments_are_written_in_beijing_time():
    moment = Column("时间", "Time", 10, "moment", lambda line: line)
    _, found, _ = written([[AT]], [moment])
    kind, value = found["A4"]
    assert kind in {None, "n"}
    assert dt.datetime(1899, 12, 30, tzinfo=SHANGHAI) + dt.timedelta(minutes=round(float(value) * 1440)) == AT


def test_a_sheet_that_was_cut_says_so():
    count, found, _ = written(([f"row {number}"] for number in range(10)), [TEXT], most=3)
    assert count == 3
    assert "3" in found["A7"][1]
    assert "A8" not in found


def test_every_column_has_a_heading_in_both_languages():
    _, found, _ = written([])
    headings = [found[f"{chr(65 + number)}3"][1] for number in range(len(COLUMNS))]
    assert all(re.search(r"[一-鿿]", heading) and re.search(r"[A-Za-z]", heading) for heading in headings)


def test_every_state_and_need_has_words():
    assert set(ALL_STATES) <= set(STATES)
    assert set(FLAGS) == set(NEEDS)


def test_a_worklist_is_downloaded_as_it_is_shown(district, story):
    finding = story.recorded(photos=1, address="=cmd|' /C calc'!A0", note="东湖中路 路灯")
    number = story.seen_by("zhao", finding)["number"]
    answer = district.client("zhao").get("/api/v1/worklists/photos_missing/sheet")
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert "photos_missing.xlsx" in answer.headers["Content-Disposition"]
    found, xml = cells(answer.data)
    assert found["A4"] == ("inlineStr", number)
    texts = {text for _, text in found.values()}
    assert {"=cmd|' /C calc'!A0", "东湖中路 路灯", "330113001"} <= texts
    assert "<f>" not in xml


def test_a_sheet_is_narrowed_like_the_list_and_only_for_its_roles(district, story):
    story.recorded(photos=1)
    narrowed = district.client("zhao").get("/api/v1/worklists/photos_missing/sheet", query_string={"area": "330113002"})
    assert "A4" not in cells(narrowed.data)[0]
    assert district.client("qian").get("/api/v1/worklists/photos_missing/sheet").status_code == 403
    assert district.client("zhao").get("/api/v1/worklists/none/sheet").status_code == 404
