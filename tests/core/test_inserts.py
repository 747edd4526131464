"""Rows written by one statement read back as those that the driver wrote one by one, on both databases."""

from __future__ import annotations

import datetime as dt
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.core.database.base import table_of
from backend.core.database.engine import WRITER, db
from backend.core.database.inserts import LEAST, insert_rows
from backend.core.journal import FeedMember, JournalEntry
from backend.domains.sync.model import Push

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
MOMENTS = st.integers(0, 7_000_000_000_000_000).map(
    lambda micros: dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=micros)
)
ENTRIES = st.fixed_dictionaries(
    {
        "event": TEXTS,
        "subject_type": TEXTS,
        "subject": TEXTS,
        "version": st.integers(-(2**63), 2**63 - 1),
        "actor": st.none() | st.uuids(),
        "at": MOMENTS,
        "happened_at": MOMENTS,
        "device_at": st.none() | MOMENTS,
        "time_quality": TEXTS,
        "facts": TEXTS,
        "hash": st.binary(max_size=40),
    }
)
JSONS = st.dictionaries(TEXTS, st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS | st.lists(TEXTS, max_size=2), max_size=3)


@pytest.fixture
def session(app):
    with app.app_context():
        yield db.session()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(ENTRIES, min_size=1, max_size=4))
def test_inserted_rows_read_back_as_they_were(session, entries):
    session.connection(execution_options=WRITER)
    rows = [{"seq": 10**9 + number, **entry} for number, entry in enumerate(entries)]
    insert_rows(session, table_of(JournalEntry), rows)
    table = table_of(JournalEntry)
    found = session.execute(sa.select(*(table.c[name] for name in rows[0])).where(table.c.seq >= 10**9).order_by(table.c.seq))
    assert [{**row, "hash": bytes(row["hash"])} for row in map(dict, found.mappings())] == rows
    session.rollback()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(JSONS, min_size=LEAST, max_size=LEAST + 2), MOMENTS)
def test_an_ordinary_insert_of_many_rows_keeps_documents_and_moments(session, headers, moment):
    session.connection(execution_options=WRITER)
    rows = [
        {"id": uuid4(), "replica": UUID(int=number), "received_at": moment, "header": header, "lines": number, "broken": False}
        for number, header in enumerate(headers)
    ]
    session.execute(sa.insert(table_of(Push)), rows)
    found = session.execute(sa.select(Push.replica, Push.received_at, Push.header).order_by(Push.replica)).all()
    assert [tuple(row) for row in found] == [(row["replica"], moment, row["header"]) for row in rows]
    session.rollback()


def test_a_row_whose_key_is_taken_is_moved(session):
    session.connection(execution_options=WRITER)
    moved = "ON CONFLICT (scope, subject_type, subject) DO UPDATE SET seq = excluded.seq"
    row = {"scope": "s", "subject_type": "finding", "subject": "1", "version": 1, "present": True, "seq": 1}
    for seq in (1, 2):
        insert_rows(session, table_of(FeedMember), [{**row, "seq": seq}], moved)
    assert session.scalars(sa.select(FeedMember.seq).where(FeedMember.scope == "s")).all() == [2]
    session.rollback()


def test_no_rows_are_no_statement(session):
    insert_rows(session, table_of(FeedMember), [])
    assert not session.in_transaction()
