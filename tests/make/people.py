"""The people of the tests, in their units, enrolled when a test first names them.

`cast` makes them: `cast.person("lin")` the id, `cast.client("lin")` a client signed in as Lin, `cast.actor("lin")` for acts,
`cast.do(action, **facts)` performs an action as the system or `by="lin"`. The stranger is signed in and holds no role.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import cache
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from backend.core import act as acts
from backend.core.act import SYSTEM, Actor
from backend.core.database.engine import db
from backend.core.perform import perform, reading
from backend.domains.identity import queries
from backend.domains.identity.actions.people import enrol_person
from backend.domains.identity.actions.replicas import register_replica
from backend.domains.identity.actions.roles import grant_role
from backend.domains.identity.actions.sessions import open_session
from backend.domains.identity.actions.units import found_unit
from backend.domains.identity.outside import passwords

PASSWORD = "linping-demo"
LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)

# code: kind, name, area, code of the parent
UNITS: dict[str, tuple[str, str, str | None, str | None]] = {
    "330113": ("district", "临平区城市管理局", "330113", None),
    "330113001": ("town", "临平街道", "330113001", "330113"),
    "330113002": ("town", "东湖街道", "330113002", "330113"),
    "330113001001": ("community", "东湖社区", "330113001001", "330113001"),
    "municipal": ("department", "市政设施科", None, "330113"),
    "hangyang": ("contractor", "杭洋市政", None, None),
    "lvyuan": ("contractor", "绿源环境", None, None),
}
# login: name, roles as (role, unit code)
PEOPLE: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "lin": ("林晓", (("inspector", "330113001"),)),
    "wu": ("吴桐", (("inspector", "330113002"),)),
    "zhao": ("赵敏", (("acceptor", "330113"), ("shift_leader", "330113"))),
    "chen": ("陈立", (("acceptor", "330113"), ("shift_leader", "330113"))),
    "sun": ("孙浩", (("dispatcher", "330113"),)),
    "qian": ("钱进", (("contractor_manager", "hangyang"),)),
    "ma": ("马强", (("contractor_worker", "hangyang"),)),
    "feng": ("冯远", (("contractor_manager", "lvyuan"),)),
    "tang": ("唐宁", (("town_officer", "330113001"),)),
    "gu": ("顾平", (("department_officer", "municipal"),)),
    "shen": ("沈兰", (("liaison", "330113001001"),)),
    "li": ("李达", (("leader", "330113"),)),
    "yu": ("俞清", (("auditor", "330113"),)),
    "admin": ("管理员", (("administrator", "330113"),)),
    "stranger": ("陌生人", ()),
}


@cache
def password_hash() -> str:
    """The hash of everybody's password, made once a process."""
    return passwords.hashed(PASSWORD)


class Cast:
    """Everybody the tests know, on one application."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._units: dict[str, UUID] = {}
        self._people: dict[str, UUID] = {}

    def do(self, action: Callable[..., Any], *, by: str | None = None, at: dt.datetime | None = None, **facts: Any) -> Any:
        """Perform an action as the system, or as somebody with the roles held now."""
        actor = self.actor(by, at=at) if by else SYSTEM
        with self.app.app_context():
            return perform(db.session(), acts.begin(actor, at=at), action, **facts)

    def ask(self, query: Callable[..., Any], *given: Any, **facts: Any) -> Any:
        """What a query answers."""
        with self.app.app_context(), reading(db.session()) as session:
            answer = query(session, *given, **facts)
            session.expunge_all()
            return answer

    def unit(self, code: str) -> UUID:
        """The id of a unit, with its parents."""
        if code not in self._units:
            kind, name, area, parent = UNITS[code]
            above = self.unit(parent) if parent else None
            self._units[code] = self.do(found_unit, at=LONG_AGO, kind=kind, code=code, name=name, area=area, parent=above).id
        return self._units[code]

    def person(self, login: str, *roles: tuple[str, str]) -> UUID:
        """The id of a person; one the tests do not know already is enrolled with these roles."""
        if login not in self._people:
            name, known = PEOPLE.get(login, (login, roles))
            row = self.do(enrol_person, at=LONG_AGO, login=login, name=name, password_hash=password_hash(), must_change_password=False)
            for role, code in known:
                self.do(grant_role, at=LONG_AGO, person=row.id, role=role, unit=self.unit(code))
            self._people[login] = row.id
        return self._people[login]

    def actor(self, login: str, *, at: dt.datetime | None = None) -> Actor:
        """The person as the actor of acts, with the roles held at that moment (now)."""
        person = self.person(login)
        row = self.ask(queries.get_person, person)
        return Actor(person, row.login, row.name, self.ask(queries.grants_at, person, at or acts.begin(SYSTEM).at))

    def token(self, login: str) -> str:
        """The token of a new session."""
        return str(
            self.do(open_session, person=self.person(login), checked=self.ask(queries.get_person, self.person(login)).password_hash).token
        )

    def client(self, login: str) -> FlaskClient:
        """A client signed in as this person."""
        return self.bearing(self.token(login))

    def bearing(self, token: str) -> FlaskClient:
        """A client with this token: of a session or of a replica."""
        client = self.app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return client

    def replica(self, login: str, install_id: str = "store-1", *, proposed: UUID | None = None, at: dt.datetime | None = None) -> Any:
        """The registration of a phone of this person: `.replica`, `.credential`, `.created`."""
        return self.do(
            register_replica,
            by=login,
            at=at,
            install_id=install_id,
            proposed=proposed,
            platform="android",
            app_version="1.0",
            schema=1,
        )


@pytest.fixture
def cast(app: Flask) -> Cast:
    """Everybody the tests know."""
    return Cast(app)
