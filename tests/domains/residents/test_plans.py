"""Lists of reports go by an index, whatever they are asked: none sorts all reports there ever were."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from backend.core.act import Actor, Grant
from backend.domains.residents.model import ContactView, ReopeningRequest, ResidentReport
from backend.domains.residents.queries.reports import in_areas
from tests.make.district import _opened

NEWEST = (ResidentReport.received_at.desc(), ResidentReport.id.desc())
OLDEST = (ResidentReport.received_at, ResidentReport.id)


def held_in(district, area):
    return Actor(district.person("zhao"), "zhao", "zhao", (Grant("acceptor", district.unit("330113"), "district", area),))


@pytest.fixture
def seeded(district_url, tmp_path, clock):
    """The district on SQLite, which tells its plans in words."""
    yield from _opened(district_url, tmp_path, clock)


def plan(district, query):
    text = str(query.compile(dialect=sa.dialects.sqlite.dialect(), compile_kwargs={"literal_binds": True}))
    with district.app.app_context():
        from backend.core.database.engine import db

        return " / ".join(row[-1] for row in db.session.execute(sa.text(f"EXPLAIN QUERY PLAN {text}")))


@pytest.mark.parametrize(("area", "column"), [("330113", "district"), ("330113001", "town"), ("330113001001", "community")])
def test_the_newest_of_an_area(seeded, area, column):
    query = sa.select(ResidentReport.id).where(in_areas(held_in(seeded, area), ResidentReport))
    told = plan(seeded, query.order_by(*NEWEST).limit(51))
    assert f"ix_resident_report_{column}_received_at_id" in told and "TEMP B-TREE" not in told


def test_what_the_desk_owes(seeded):
    query = sa.select(ResidentReport.id).where(in_areas(held_in(seeded, "330113"), ResidentReport), ResidentReport.todo == "reply")
    told = plan(seeded, query.order_by(*OLDEST).limit(51))
    assert "ix_resident_report_todo" in told and "TEMP B-TREE" not in told


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (sa.select(ResidentReport.id).where(ResidentReport.receipt == "R"), "sqlite_autoindex_resident_report"),
        (
            sa.select(ResidentReport.id)
            .where(ResidentReport.erased_at.is_(None), ResidentReport.ended_at <= sa.func.current_timestamp())
            .order_by(ResidentReport.ended_at, ResidentReport.id),
            "ix_resident_report_kept",
        ),
        (sa.select(ContactView.id).order_by(ContactView.viewed_at.desc(), ContactView.id.desc()), "ix_contact_view_viewed_at_id"),
        (
            sa.select(ReopeningRequest.id)
            .where(ReopeningRequest.state == "pending")
            .order_by(ReopeningRequest.asked_at, ReopeningRequest.id),
            "ix_reopening_request_state_asked_at_id",
        ),
    ],
)
def test_the_others(seeded, query, index):
    told = plan(seeded, query)
    assert "TEMP B-TREE" not in told and index in told, told
