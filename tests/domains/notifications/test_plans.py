"""Inboxes and queues stay quick: each of their queries goes by an index, whatever else is in the tables."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.database.engine import db
from backend.domains.notifications.model import Delivery, Message
from backend.domains.notifications.queries import delivering, inbox, webhooks

NOW = dt.datetime(2026, 11, 23, 4, tzinfo=dt.UTC)
MANY = 20_000
QUERIES = {
    "inbox": lambda session: inbox.list_messages(session, uuid4(), limit=50, after=(NOW, uuid4())),
    "unread": lambda session: inbox.list_messages(session, uuid4(), limit=50, unread=True),
    "count": lambda session: inbox.count_unread(session, uuid4()),
    "due": lambda session: delivering.list_due(session, at=NOW, limit=50),
    "digests": lambda session: delivering.list_digests_due(session, at=NOW, limit=50),
    "log": lambda session: webhooks.list_deliveries(session, uuid4(), limit=50),
}


@pytest.fixture
def filled(district):
    """Tables with many rows of other people, long read and sent."""
    with district.app.app_context():
        session = db.session()
        people = [uuid4() for _ in range(50)]
        common = {"kind": "finding.closed", "subject_type": "finding", "subject": "x", "facts": {}, "urgent": False, "inbox": True}
        messages = [
            {
                **common,
                "id": uuid4(),
                "person": people[number % 50],
                "key": str(number),
                "at": NOW - dt.timedelta(minutes=number),
                "alert_at": NOW,
                "read_at": NOW,
            }
            for number in range(MANY)
        ]
        session.execute(sa.insert(Message), messages)
        sent = {"channel": "email", "what": "message", "state": "sent", "attempts": 1, "created_at": NOW, "next_at": NOW, "settled_at": NOW}
        session.execute(
            sa.insert(Delivery), [{**sent, "id": uuid4(), "person": each["person"], "message": each["id"]} for each in messages]
        )
        session.execute(sa.text("ANALYZE"))
        session.commit()
        yield session


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_reads_no_whole_table(filled: Session, name):
    said = []

    def explain(_connection, cursor, statement, parameters, *_):
        if statement.startswith("SELECT"):
            said.append((statement, parameters))

    engine = filled.get_bind()
    sa.event.listen(engine, "before_cursor_execute", explain)
    try:
        QUERIES[name](filled)
    finally:
        sa.event.remove(engine, "before_cursor_execute", explain)
    (asked,) = said
    prefix = "EXPLAIN QUERY PLAN " if engine.dialect.name == "sqlite" else "EXPLAIN "
    rows = filled.connection().exec_driver_sql(prefix + asked[0], asked[1]).all()
    plan = "\n".join(str(row[-1]) for row in rows)
    assert "SCAN message" not in plan and "Seq Scan on message" not in plan, plan
    assert "ix_message" in plan
