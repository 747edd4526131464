"""What the worker does at night about residents: it erases what may be kept no longer."""

from __future__ import annotations

import datetime as dt

from flask import Flask

from backend.core import act as acts
from backend.core.act import SYSTEM
from backend.core.config import Settings
from backend.core.http.callers import session
from backend.core.perform import perform, reading
from backend.domains.residents.actions.contact import erase_report
from backend.domains.residents.actions.turns import forget_turns
from backend.domains.residents.queries.reports import list_kept_too_long

_PAGE = 200


def erase_contacts(app: Flask) -> int:
    """Erase the personal data of reports that ended `resident_contact_days` ago, one a commit; how many. Forgets addresses, too."""
    done = 0
    with app.app_context():
        settings: Settings = app.extensions["linping.settings"]
        now = acts.begin(SYSTEM).at
        before = now - dt.timedelta(days=settings.resident_contact_days)
        perform(session(), acts.begin(SYSTEM), forget_turns)
        while True:
            with reading(session()) as reader:
                due = list_kept_too_long(reader, ended_before=before, limit=_PAGE)
            if not due:
                return done
            erased = sum(perform(session(), acts.begin(SYSTEM), erase_report, report=each, ended_before=before) for each in due)
            if not erased:
                return done
            done += erased
