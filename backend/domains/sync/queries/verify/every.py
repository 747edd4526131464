"""The whole verification: what the command, the nightly run and the tests ask for."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from backend.domains.sync.queries.verify.chain import journal
from backend.domains.sync.queries.verify.counts import counts
from backend.domains.sync.queries.verify.feed import feed
from backend.domains.sync.queries.verify.lines import Sequences, sequences
from backend.domains.sync.queries.verify.outcomes import Open, history, outcomes
from backend.domains.sync.queries.verify.photos import Bytes, Promises, photos
from backend.domains.sync.queries.verify.report import Report, be_patient
from backend.domains.sync.queries.verify.told import told

GRACE = dt.timedelta(minutes=1)
"""So long a line may be on its way from being kept to being judged."""


def verify(session: Session, *, now: dt.datetime, store: Bytes | None = None, grace: dt.timedelta = GRACE) -> Report:
    """Counts, and every violation of I1 to I5 and of the feed. The session must be one snapshot; memory stays flat.

    Without `store` the bytes of photos are not looked for.
    """
    be_patient(session)
    report = Report(counts(session, now=now))
    found, unjudged, promises = Sequences(), Open(), Promises()
    report.take(sequences(session, found))
    report.take(outcomes(session, unjudged, now=now, grace=grace))
    report.take(history(session))
    report.take(told(session, now=now, grace=grace))
    report.take(journal(session))
    report.take(photos(session, promises, now=now, store=store))
    report.take(feed(session))
    report.counts |= {
        "replicas": found.replicas,
        "holes": found.holes,
        "replicas_with_holes": found.with_holes[:100],
        "voids": found.voided,
        "beside": dict(sorted(found.beside.items())),
        "unjudged_yet": unjudged.just_kept,
        "held_back": unjudged.held_back,
        "photos_promised": promises.open,
        "photos_promised_oldest": promises.oldest,
        "blobs_looked_for": promises.asked,
    }
    return report
