"""Every problem has its words in both languages, its page and its place in the document."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backend.core.problems import Problem
from backend.domains.sync.rules.lines import LANES
from backend.entrypoints.web.problems import explained

ROOT = Path(__file__).resolve().parents[2]
CHINESE = re.compile(r"[\u4e00-\u9fff]")
SLUGS = [problem.slug for problem in explained()]


def own(name: str) -> list[str]:
    """Slugs of problems that took this over from a more general one."""
    return [slug for slug in SLUGS if not Problem.registry[slug].__dict__.get(name)]


def test_there_are_problems_of_the_core_and_of_every_kind_of_rule():
    assert {
        "malformed",
        "not_found",
        "op_reuse",
        "replica_fork",
        "seq_range",
        "area_not_found",
        "not_a_picture",
        "calendar_invalid",
    } <= set(SLUGS)


@pytest.mark.parametrize("name", ["slug", "title", "title_zh", "way_out", "way_out_zh", "__doc__"])
def test_each_says_it_in_its_own_words(name):
    assert own(name) == []


def test_each_is_said_in_the_language_it_claims():
    assert [each.slug for each in explained() if not (CHINESE.search(each.title_zh) and CHINESE.search(each.way_out_zh))] == []
    assert [each.slug for each in explained() if CHINESE.search(each.title) or CHINESE.search(each.way_out)] == []


def test_slugs_are_plain_words():
    assert [slug for slug in SLUGS if not re.fullmatch(r"[a-z][a-z0-9_]*", slug)] == []


def test_a_slug_written_out_in_the_code_is_a_problem():
    files = (ROOT / "backend").rglob("*.py")
    named = {slug for file in files for slug in re.findall(r"/problems/([a-z_]+)", file.read_text("utf-8"))}
    assert named - set(SLUGS) == set()


def test_a_line_kept_beside_has_a_problem_with_a_page(client):
    for kind in LANES.values():
        assert client.get(kind("why").document()["type"]).status_code == 200


@pytest.mark.parametrize("slug", SLUGS)
def test_each_has_a_page_in_both_languages(client, slug):
    kind = Problem.registry[slug]
    for language, title in (("zh", kind.title_zh), ("en", kind.title)):
        answer = client.get(f"/problems/{slug}?lang={language}")
        assert answer.status_code == 200
        text = re.sub(
            r"\s+",
            " ",
            answer.text.replace("&#39;", "'").replace("&#34;", '"').replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"),
        )
        assert f"<h1>{title}</h1>" in text
        for words in (kind.title, kind.title_zh, kind.way_out, kind.way_out_zh, f"HTTP {int(kind.kind)}"):
            assert words in text


def test_an_unknown_problem_is_a_page_that_names_the_others(client):
    answer = client.get("/problems/nonsense?lang=en")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "nonsense" in answer.text
    assert 'href="/problems/malformed"' in answer.text


def test_the_document_has_each_once():
    text = (ROOT / "openapi" / "problems.md").read_text("utf-8")
    assert re.findall(r"^## (\S+)$", text, re.MULTILINE) == SLUGS
