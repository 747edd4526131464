"""What the worker does at night: it verifies that nothing was lost, and forgets what nobody can ask for any more."""

from __future__ import annotations

import datetime as dt
import logging

from flask import Flask

from backend.core import act as acts
from backend.core.act import SYSTEM
from backend.core.config import Settings
from backend.core.http.callers import session
from backend.core.perform import perform, reading
from backend.domains.evidence.outside.stores import LocalStore, open_store
from backend.domains.findings.actions.follow import retire_findings
from backend.domains.patrols.actions.patrols import retire_patrols
from backend.domains.patrols.actions.shifts import retire_shifts
from backend.domains.sync.actions.forget import CHUNK, forget_members
from backend.domains.sync.actions.violations import note_violations
from backend.domains.sync.judging.replaying.check import check_replay
from backend.domains.sync.judging.replaying.target import empty_database
from backend.domains.sync.queries.absent import list_absent
from backend.domains.sync.queries.resting import list_resting_findings, list_resting_patrols, list_resting_shifts
from backend.domains.sync.queries.verify.every import verify
from backend.domains.sync.queries.verify.photos import Bytes
from backend.domains.sync.queries.verify.report import Report

log = logging.getLogger(__name__)
_SHOWN = 20
_LATELY = dt.timedelta(days=3)
"""Of a remote store only blobs of this time are asked for each night: one request each. `sync verify` asks for all."""


def verify_sync(app: Flask, *, replay: bool = False) -> Report:
    """Verify I1 to I6, and I7 with `replay`: each violation is logged as an error, and all stand as one incident in the exception list."""
    with app.app_context():
        settings: Settings = app.extensions["linping.settings"]
        store, now = open_store(settings.blob_store, settings.data_folder), acts.begin(SYSTEM).at
        since = None if isinstance(store, LocalStore) else now - _LATELY
        with reading(session(), snapshot=True) as source:
            report = verify(source, now=now, store=Bytes(store.size, since=since))
            if replay:
                with empty_database(settings.data_folder) as target:
                    check_replay(report, source, target)
        for violation in report.violations:
            log.error("an invariant is violated", extra=violation._asdict())
        if report.totals:
            first = [f"{each.invariant} {each.subject}: {each.detail}" for each in report.violations[:_SHOWN]]
            perform(session(), acts.begin(SYSTEM), note_violations, totals=report.totals, first=first)
        counts = {name: value for name, value in report.counts.items() if isinstance(value, int)}
        log.info("sync verified", extra={**counts, "violations": report.totals.total()})
        return report


def verify_by_replay(app: Flask) -> Report:
    """The same with the replay: once a week, because it does everything once more."""
    return verify_sync(app, replay=True)


def retire(app: Flask) -> int:
    """Take from the feed what ended and has rested for 30 days: phones hold what goes on, not the archive. How many it took."""
    with app.app_context():
        now = acts.begin(SYSTEM).at
        with reading(session()) as reader:
            findings, patrols = list(list_resting_findings(reader, now=now)), list(list_resting_patrols(reader, now=now))
            shifts = list(list_resting_shifts(reader, now=now))
        done = sum(perform(session(), acts.begin(SYSTEM), retire_findings, findings=page) for page in findings)
        done += sum(perform(session(), acts.begin(SYSTEM), retire_shifts, shifts=page) for page in shifts)
        return done + sum(perform(session(), acts.begin(SYSTEM), retire_patrols, patrols=page) for page in patrols)


def forget_absent(app: Flask) -> int:
    """Forget memberships of the feed that ended so long ago that no cursor can have missed it; how many."""
    with app.app_context():
        with reading(session()) as reader:
            gone = list_absent(reader, now=acts.begin(SYSTEM).at)
        parts = [gone[start : start + CHUNK] for start in range(0, len(gone), CHUNK)]
        return sum(perform(session(), acts.begin(SYSTEM), forget_members, keys=part) for part in parts)
