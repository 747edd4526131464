"""A district that served before there were messages: nobody is told now of what happened then."""

from __future__ import annotations

import alembic.command
import sqlalchemy as sa

from tests.make.databases import alembic_config, migrate


def test_the_worker_begins_behind_what_the_journal_holds_already(any_empty_database_url):
    url = any_empty_database_url
    migrate(url, revision="0002")
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE clock SET seq = 57"))
    migrate(url)
    asked = sa.text("SELECT seq FROM reaction_cursor WHERE name = 'announcements'")
    with engine.begin() as connection:
        assert connection.scalars(asked).all() == [57]
    alembic.command.downgrade(alembic_config(url), "0002")
    with engine.begin() as connection:
        assert connection.scalars(asked).all() == []
    engine.dispose()
