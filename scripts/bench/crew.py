"""Inspectors beyond the demo's two: enrolled straight by the domain's own actions, all with one password hash, each signed in.

Hashing a password takes 40 ms on purpose; five hundred people would cost the bench what it does not measure.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import house

from backend import create_app
from backend.core import act as acts
from backend.core.act import SYSTEM
from backend.core.config import Settings
from backend.core.database.engine import db
from backend.core.perform import perform, reading
from backend.domains.identity import queries as identity
from backend.domains.identity.actions.people import enrol_person
from backend.domains.identity.actions.roles import grant_role
from backend.domains.identity.actions.sessions import open_session
from backend.domains.identity.outside import passwords
from backend.entrypoints.cli.demo import cast

LONG_AGO = dt.timedelta(days=400)


def enrol(data: Path, url: str, count: int, *, everywhere: bool = False) -> dict[str, str]:
    """That many inspectors, spread over the towns or of the whole district: the token of a session by login."""
    app = create_app(Settings.from_env({**house.environment(data, url), "LOG_LEVEL": "WARNING"}))
    password = passwords.hashed(cast.PASSWORD)
    tokens: dict[str, str] = {}
    with app.app_context():
        session = db.session()
        with reading(session):
            codes = (cast.DISTRICT,) if everywhere else cast.TOWNS
            units = [unit.id for unit in identity.units_by_code(session, codes).values()]
        long_ago = acts.begin(SYSTEM).at - LONG_AGO
        for number in range(count):
            login = f"crew{number:04d}"
            person = perform(
                session,
                acts.begin(SYSTEM, at=long_ago),
                enrol_person,
                login=login,
                name=f"巡查员{number:04d}",
                password_hash=password,
                must_change_password=False,
            ).id
            unit = units[number % len(units)]
            perform(session, acts.begin(SYSTEM, at=long_ago), grant_role, person=person, role="inspector", unit=unit)
            tokens[login] = perform(session, acts.begin(SYSTEM), open_session, person=person, checked=password).token
        session.close()
        db.engine.dispose()
    return tokens
