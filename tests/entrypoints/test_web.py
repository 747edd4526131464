"""The pages and the operators' answers, as a browser and a probe meet them."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from backend.core import act as acts
from backend.core.act import SYSTEM
from backend.core.database.engine import db
from backend.core.perform import perform
from backend.core.revisions import bump
from backend.domains.deadlines.model import CalendarYear
from backend.domains.evidence.model import Photo
from backend.entrypoints.cli.demo.cast import PEOPLE
from backend.entrypoints.web import language, state
from backend.entrypoints.web.language import CATALOGUES
from backend.entrypoints.web.words import ROLES
from backend.entrypoints.worker import tasks
from tests.make.application import build_app, close_app
from tests.make.databases import ROOT

PAGES = ("/", "/api/docs", "/problems/", "/problems/malformed", "/problems/nonsense")
HEAD = (ROOT / "migrations" / "head").read_text("utf-8").strip()
NOW = dt.datetime.now(dt.UTC)


@pytest.fixture(autouse=True)
def _never_remembered(monkeypatch):
    monkeypatch.setattr(state, "FRESH_S", 0.0)
    monkeypatch.setattr(state, "_PROBE_S", 0.0)


@pytest.fixture
def put(app):
    """Put rows into the database."""

    def put(*rows):
        with app.app_context():
            perform(db.session(), acts.begin(SYSTEM), lambda session, _act: session.add_all(rows))

    return put


def english(client, path="/") -> str:
    """What the page says, in one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", client.get(path, headers={"Accept-Language": "en"}).text))


def photo(state):
    stored = NOW if state != "declared" else None
    return Photo(
        id=uuid.uuid4(),
        subject_type="finding",
        subject=uuid.uuid4(),
        sha256="0" * 64,
        size=1,
        mime="image/jpeg",
        role="before",
        declared_by=uuid.uuid4(),
        declared_at=NOW,
        state=state,
        stored_at=stored,
    )


class Tags(HTMLParser):
    """The tags of a page with their attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_a_page_is_chinese_unless_english_is_wanted(client):
    for headers, lang in (({}, "zh-CN"), ({"Accept-Language": "de"}, "zh-CN"), ({"Accept-Language": "en-GB,en;q=0.9,zh;q=0.1"}, "en")):
        answer = client.get("/", headers=headers)
        assert f'<html lang="{lang}">' in answer.text
        assert answer.headers["Content-Language"] == lang[:2]
        assert {"Accept-Language", "Cookie"} <= set(answer.headers["Vary"].split(", "))


def test_the_language_once_chosen_is_remembered(client):
    assert '<html lang="en">' in client.get("/?lang=en", headers={"Accept-Language": "zh"}).text
    assert '<html lang="en">' in client.get("/problems/", headers={"Accept-Language": "zh"}).text
    assert '<html lang="zh-CN">' in client.get("/?lang=zh", headers={"Accept-Language": "en"}).text
    assert '<html lang="zh-CN">' in client.get("/", headers={"Accept-Language": "en"}).text


def test_a_language_we_do_not_have_changes_and_remembers_nothing(client):
    answer = client.get("/?lang=xx")
    assert '<html lang="zh-CN">' in answer.text
    assert "Set-Cookie" not in answer.headers


def test_every_sentence_has_its_chinese_and_none_is_left_over():
    root = Path(language.__file__).parent
    methods = [("**.py", "python"), ("**.html", "jinja2")]
    said = {message if isinstance(message, str) else message[0] for _, _, message, _, _ in extract_from_dir(root, methods)}
    with (CATALOGUES / "zh" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale="zh")
    known = {message.id if isinstance(message.id, str) else message.id[0]: message for message in catalogue if message.id}
    assert set(known) == said
    names = re.compile(r"%\((\w+)\)s")
    for text, message in known.items():
        chinese = message.string if isinstance(message.string, str) else message.string[0]
        assert chinese, text
        assert not message.fuzzy
        assert set(names.findall(chinese)) == set(names.findall(text)), text


def test_the_chinese_page_holds_no_english_sentence(client):
    text = re.sub(r"<[^>]+>", "\n", client.get("/").text)
    sentences = {key for key in language.catalogue("zh")._catalog if isinstance(key, str) and len(key) > 12 and "%" not in key}
    assert [key for key in sentences if key in text] == []


def test_the_front_page_tells_how_the_system_is(client, put):
    put(CalendarYear(year=2001, version=1, imported_at=NOW), *(photo(state) for state in ("usable", "usable", "unreadable", "declared")))
    text = english(client)
    epoch = client.get("/api/v1/sync/hello").json["epoch"]
    for words in (
        "Database SQLite",
        f"Migrations at head, {HEAD}",
        "takes files",
        epoch,
        "Photos 4 usable 2 announced, not yet here 1 unreadable 1",
        "Findings 0 none yet",
    ):
        assert words in text
    assert "covers 2001, not this year: deadlines wait" in text


def test_a_calendar_that_covers_this_year_is_well(client, put):
    put(CalendarYear(year=NOW.year, version=1, imported_at=NOW), CalendarYear(year=NOW.year + 1, version=1, imported_at=NOW))
    assert f"covers {NOW.year}, {NOW.year + 1}" in english(client)
    assert "deadlines wait" not in english(client)


def test_the_worker_is_seen_to_follow_to_lag_and_to_stand_still(app, cast, client):
    assert "has followed the journal to its end, entry 0" in english(client)
    cast.unit("municipal")  # long ago
    assert re.search(r"stands still: [1-9] entr(y|ies) behind since 2020-01-01 08:00", english(client))
    tasks.react(app)
    assert re.search(r"has followed the journal to its end, entry [1-9]", english(client))
    cast.unit("hangyang")
    assert "stands still: 1 entry behind since 2020-01-01 08:00" in english(client)


def test_an_entry_of_just_now_is_no_alarm(app, client):
    with app.app_context():
        perform(db.session(), acts.begin(SYSTEM), lambda _session, act: act.tell("demo.seeded", "demo", "linping"))
    assert "Worker 1 entry behind since" in english(client)


def test_the_demo_logins_are_shown_in_a_demo_database_only(app, client):
    assert "linping-demo" not in client.get("/").text
    with app.app_context():
        perform(db.session(), acts.begin(SYSTEM), lambda session, act: bump(session, act, "demo"))
    text = client.get("/").text
    assert "linping-demo" in text
    roles = {language.catalogue("zh").gettext(word) for word in ROLES.values()}
    for person in PEOPLE:
        assert f"<code>{person.login}</code>" in text
        assert person.name not in text or person.name in roles
        assert set(person.roles) <= set(ROLES)


def test_the_tables_are_not_counted_for_everybody_who_asks(client, put, monkeypatch):
    monkeypatch.setattr(state, "FRESH_S", 3600.0)
    english(client)
    put(photo("usable"))
    assert "Photos 1 usable 1" not in english(client)
    monkeypatch.setattr(state, "FRESH_S", 0.0)
    assert "Photos 1 usable 1" in english(client)


def test_ready_when_all_is_well(client):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["not_ready"]) == (200, [])
    assert answer.json["checks"] == {"database": "ok", "migrations": "ok", "store": "ok"}
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_probe_leaves_nothing_in_the_store(app, client):
    client.get("/readyz")
    assert list(Path(app.extensions["linping.settings"].blob_store).iterdir()) == []


@pytest.fixture
def broken(request, tmp_path):
    """Applications that something is wrong with: `broken(url=…, blob_store=…)`."""
    made = []

    def broken(url, **settings):
        made.append(build_app(url, tmp_path, **settings))
        return made[-1].test_client()

    yield broken
    for app in made:
        close_app(app)


def test_all_is_well_on_both_databases(any_app):
    client = any_app.test_client()
    assert client.get("/readyz").json["not_ready"] == []
    kind = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[any_app.config["SQLALCHEMY_DATABASE_URI"].split(":")[0].split("+")[0]]
    text = english(client)
    assert f"Database {kind}" in text
    assert "Findings 0 none yet" in text


def test_not_ready_before_the_first_migration(broken, any_empty_database_url):
    client = broken(any_empty_database_url)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["not_ready"]) == (503, ["migrations"])
    assert answer.json["checks"] == {"database": "ok", "migrations": "not migrated", "store": "ok"}
    assert "Migrations not migrated" in english(client)


def test_not_ready_when_the_database_is_of_another_version(app, client):
    with app.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    assert client.get("/readyz").json["checks"]["migrations"] == "not at head"
    assert "Migrations not at head" in english(client)


def test_not_ready_when_the_database_does_not_answer(broken, tmp_path):
    client = broken(f"sqlite:///{tmp_path / 'missing' / 'none.sqlite3'}")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["not_ready"]) == (503, ["database", "migrations"])
    assert client.get("/healthz").status_code == 200
    assert client.get("/").status_code == 200
    assert "Database does not answer" in english(client)


def test_not_ready_when_the_store_takes_no_files(broken, sqlite_url, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    client = broken(sqlite_url, blob_store=str(tmp_path / "file"))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["not_ready"]) == (503, ["store"])
    assert "Photo store cannot be written" in english(client)


def test_a_store_that_hangs_is_not_waited_for(client, monkeypatch):
    import threading

    going_on = threading.Event()
    monkeypatch.setattr(state, "_STORE_S", 0.01)
    monkeypatch.setattr(state, "_probe", lambda _store: going_on.wait(10) and None)
    try:
        assert client.get("/readyz").json["checks"]["store"] == "does not answer"
        assert client.get("/readyz").json["checks"]["store"] == "does not answer"
    finally:
        going_on.set()


def test_alive_asks_nothing(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "alive"})


@pytest.mark.parametrize("path", PAGES)
def test_a_page_runs_nothing_inline_and_asks_no_other_host(client, path):
    answer = client.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "script-src" not in policy
    assert "unsafe-eval" not in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    for tag, attrs in Tags(answer.text).found:
        assert "style" not in attrs
        assert not any(name.startswith("on") for name in attrs)
        assert tag != "script" or attrs.get("src", "").startswith("/")
        for name in ("href", "src", "action"):
            assert attrs.get(name, "/").startswith(("/", "#")), (tag, attrs)


def test_inline_styles_are_for_the_documentation_only(client):
    assert [path for path in PAGES if "unsafe-inline" in client.get(path).headers["Content-Security-Policy"]] == ["/api/docs"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_its_landmarks_and_one_heading(client, path):
    tags = Tags(client.get(path).text).found
    names = [tag for tag, _ in tags]
    assert [names.count(name) for name in ("h1", "main", "header", "footer", "nav", "title")] == [1] * 6
    assert all("alt" in attrs for tag, attrs in tags if tag == "img")


def test_every_link_leads_somewhere(client):
    seen, todo = set(), ["/"]
    while todo:
        path = todo.pop()
        seen.add(path)
        answer = client.get(path)
        assert answer.status_code == 200, path
        if answer.mimetype == "text/html":
            links = {
                attrs[name].split("#")[0]
                for _, attrs in Tags(answer.text).found
                for name in ("href", "src", "data-document")
                if name in attrs
            }
            todo += sorted({link for link in links if link and "?" not in link} - seen - set(todo))
        answer.close()
    assert {"/api/docs", "/api/v1/openapi.json", "/problems/", "/static/pages.css", "/api/docs/assets/swagger-ui-bundle.js"} <= seen


def test_only_what_the_documentation_needs_is_served_of_swagger_ui(client):
    for name in ("index.html", "oauth2-redirect.html", "..%2f__init__.py"):
        assert client.get(f"/api/docs/assets/{name}").status_code == 404
