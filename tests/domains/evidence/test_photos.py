"""Declaring, retracting, waiving; and what they make as evidence."""

from __future__ import annotations

from uuid import uuid4

import pytest
import sqlalchemy as sa

from backend.core import act as acts
from backend.core.database.engine import db
from backend.core.perform import Step, perform_run
from backend.core.problems import Forbidden, IdTaken, Invalid, Missing
from backend.domains.evidence.actions.photos import declare_photo, prefetch_photos, retract_photo, waive_photo
from backend.domains.evidence.model import Photo
from backend.domains.evidence.queries import evidence_of, find_photo, photos_of
from backend.domains.evidence.rules.photos import Evidence, PhotoSettled, WaivedByShiftLeader
from backend.entrypoints.worker.photos import examine_due
from tests.domains.evidence.conftest import declaration, declare, put, states
from tests.make.pictures import picture

PHOTO, OTHER = picture(31), picture(32)


def test_the_same_declaration_again_changes_nothing(app, cast):
    subject, photo = declare(cast, "lin", PHOTO)
    assert declare(cast, "lin", PHOTO, subject=subject, id=photo) == (subject, photo)
    with app.app_context():
        assert db.session().query(Photo).count() == 1


@pytest.mark.parametrize("other", ["finding", "person", "bytes", "role"])
def test_an_id_that_is_taken_is_refused(cast, other):
    subject, photo = declare(cast, "lin", PHOTO)
    with pytest.raises(IdTaken):
        declare(
            cast,
            "wu" if other == "person" else "lin",
            OTHER if other == "bytes" else PHOTO,
            subject=uuid4() if other == "finding" else subject,
            id=photo,
            role="after" if other == "role" else "before",
        )


def test_the_system_declares_no_photos(cast):
    with pytest.raises(Forbidden):
        cast.do(declare_photo, photo=declaration(PHOTO), subject_type="finding", subject=uuid4())


def test_a_prefetched_run_declares_without_asking_the_database_again(app, cast, phone):
    put(phone, PHOTO)
    person, actor = cast.person("lin"), cast.actor("lin")
    photos = [declaration(PHOTO if number % 2 else OTHER) for number in range(200)]
    subject = uuid4()
    statements: list[str] = []
    during: list[int] = []

    def declared(photo):
        def do(session, act):
            before = len(statements)
            row = declare_photo(session, act, photo=photo, subject_type="finding", subject=subject)
            during.append(len(statements) - before)
            return row.state

        return do

    def prepare(session):
        prefetch_photos(session, [photo["id"] for photo in photos], {photo["sha256"] for photo in photos}, person)

    with app.app_context():
        session = db.session()
        sa.event.listen(db.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
        steps = [Step(acts.begin(actor), declared(photo), lambda *_: "refused") for photo in photos]
        results = perform_run(session, steps, prepare=prepare)
    assert results == ["declared", "stored"] * 100
    assert during == [0] * 200
    assert len(statements) < 20


def test_evidence_counts_and_is_complete_when_all_are_usable_or_waived(app, cast, phone):
    subject, bare = declare(cast, "lin", PHOTO)
    declare(cast, "lin", OTHER, subject=subject)
    _, third = declare(cast, "lin", picture(33), subject=subject)
    nothing = uuid4()
    assert cast.ask(evidence_of, [subject, nothing]) == {subject: Evidence(3, 0, 0, 0, 0), nothing: Evidence()}
    put(phone, PHOTO)
    cut = picture(34, noise=True)[:5000]
    _, broken = declare(cast, "lin", cut, subject=subject)
    put(phone, cut)
    examine_due(app)
    found = cast.ask(evidence_of, [subject])[subject]
    assert found == Evidence(declared=4, stored=2, usable=1, unreadable=1, waived=0)
    assert not found.complete
    put(phone, OTHER)
    examine_due(app)
    cast.do(waive_photo, by="zhao", photo=third, subject=subject, reason="the phone fell into the canal")
    cast.do(waive_photo, by="zhao", photo=broken, subject=subject, reason="cut off")
    found = cast.ask(evidence_of, [subject])[subject]
    assert found == Evidence(declared=4, stored=3, usable=2, unreadable=1, waived=2)
    assert found.complete
    assert sorted(states(cast, subject)) == ["usable", "usable", "waived", "waived"]
    assert bare


def test_bytes_that_come_after_a_waiver_count_again(app, cast, phone):
    subject, photo = declare(cast, "lin", PHOTO)
    cast.do(waive_photo, by="zhao", photo=photo, subject=subject, reason="lost")
    put(phone, PHOTO)
    examine_due(app)
    assert states(cast, subject) == ["usable"]
    assert cast.ask(evidence_of, [subject])[subject] == Evidence(declared=1, stored=1, usable=1)


def test_only_a_shift_leader_waives_with_a_reason_and_never_what_is_usable(app, cast, phone):
    subject, photo = declare(cast, "lin", PHOTO)
    for login in ("lin", "sun", "stranger"):
        with pytest.raises(WaivedByShiftLeader):
            cast.do(waive_photo, by=login, photo=photo, subject=subject, reason="x")
    with pytest.raises(Invalid):
        cast.do(waive_photo, by="zhao", photo=photo, subject=subject, reason=" ")
    with pytest.raises(Missing):
        cast.do(waive_photo, by="zhao", photo=photo, subject=uuid4(), reason="x")
    put(phone, PHOTO)
    examine_due(app)
    with pytest.raises(PhotoSettled):
        cast.do(waive_photo, by="zhao", photo=photo, subject=subject, reason="x")


def test_a_retracted_photo_is_marked_and_does_not_count(cast):
    subject, photo = declare(cast, "lin", PHOTO)
    with pytest.raises(Forbidden):
        cast.do(retract_photo, by="wu", photo=photo, subject=subject, reason="not mine")
    for _ in range(2):
        cast.do(retract_photo, by="lin", photo=photo, subject=subject, reason="blurred")
    assert cast.ask(evidence_of, [subject])[subject] == Evidence()
    (shown,) = cast.ask(photos_of, [subject])[subject]
    assert shown["retracted"] is True
    with pytest.raises(PhotoSettled):
        cast.do(waive_photo, by="zhao", photo=photo, subject=subject, reason="x")


def test_a_photo_is_found_only_on_its_subject_and_once_its_bytes_are_here(cast, phone):
    content = picture(35, kind="PNG")
    subject, photo = declare(cast, "lin", content)
    assert cast.ask(find_photo, photo, subject=subject) is None
    put(phone, content)
    assert cast.ask(find_photo, photo, subject=subject).mime == "image/png"
    assert cast.ask(find_photo, photo, subject=uuid4()) is None


def test_an_unreadable_photo_shows_why(app, cast, phone):
    cut = picture(36, noise=True)[:5000]
    subject, _ = declare(cast, "lin", cut)
    put(phone, cut)
    examine_due(app)
    (shown,) = cast.ask(photos_of, [subject])[subject]
    assert shown["fault"].startswith("cannot_decode")
