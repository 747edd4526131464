"""Blobs by PUT, their states, and whose delivery counts."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from uuid import uuid4

from backend.core.database.engine import db
from backend.domains.evidence.model import Blob, Delivery
from tests.domains.evidence.conftest import create, declare, put, send, slug, states, status_of
from tests.make.application import build_app, close_app
from tests.make.people import Cast
from tests.make.pictures import picture, sha256

PHOTO = picture(11)


def count(app, kind) -> int:
    with app.app_context():
        return db.session().query(kind).count()


def test_a_put_is_201_and_again_200(app, phone):
    assert put(phone, PHOTO).status_code == 201
    assert put(phone, PHOTO).status_code == 200
    assert status_of(phone, PHOTO) == "stored"
    assert count(app, Delivery) == 1


def test_the_bytes_are_required_even_where_another_delivered_them(app, cast, phone):  # fault 53
    put(phone, PHOTO)
    wu = cast.client("wu")
    answer = wu.put(f"/api/v1/blobs/sha256/{sha256(PHOTO)}", data=b"x" * len(PHOTO))
    assert slug(answer) == "hash_mismatch"
    assert status_of(wu, PHOTO) == "unknown"
    assert put(wu, PHOTO).status_code == 201
    assert (count(app, Blob), count(app, Delivery)) == (1, 2)


def test_two_phones_of_one_person_deliver_once(cast, phone):
    put(phone, PHOTO)
    assert put(cast.bearing(cast.replica("lin", "store-2").credential), PHOTO).status_code == 200


def test_refusals_of_a_put_name_what_is_wrong(app, phone):
    address = f"/api/v1/blobs/sha256/{sha256(PHOTO)}"
    assert slug(phone.put(address, data=b"", environ_overrides={"CONTENT_LENGTH": "0"})) == "empty_photo"
    assert slug(phone.put(address, data=picture(12))) == "hash_mismatch"
    assert slug(phone.put("/api/v1/blobs/sha256/abc", data=PHOTO)) == "invalid"
    assert slug(phone.put(address.upper().replace("/API/V1/BLOBS/SHA256", "/api/v1/blobs/sha256"), data=PHOTO)) == "invalid"
    text = b"not a picture"
    assert slug(put(phone, text)) == "not_a_picture"
    big = {"Content-Length": str(25 * 1024 * 1024 + 1)}
    answer = phone.put(address, input_stream=BytesIO(b""), headers=big, environ_overrides={"CONTENT_LENGTH": big["Content-Length"]})
    assert slug(answer) == "photo_too_large"
    broken = phone.put(address, input_stream=BytesIO(PHOTO[:50]), environ_overrides={"CONTENT_LENGTH": str(len(PHOTO))})
    assert slug(broken) == "malformed"
    assert count(app, Blob) == 0
    assert list((Path(app.extensions["linping.settings"].blob_store) / "spool").iterdir()) == []


def test_states_of_many_hashes_come_in_one_answer(phone):
    put(phone, PHOTO)
    part = picture(13)
    send(phone, create(phone, part), 0, part[:100])
    nobody = "0" * 64
    answer = phone.post("/api/v1/blobs/status", json={"sha256": [sha256(PHOTO), sha256(part), nobody]})
    assert answer.json == {
        sha256(PHOTO): {"state": "stored", "offset": len(PHOTO)},
        sha256(part): {"state": "uploading", "offset": 100},
        nobody: {"state": "unknown", "offset": 0},
    }


def test_more_than_500_hashes_or_a_bad_one_are_refused(phone):
    many = [f"{number:064x}" for number in range(501)]
    assert phone.post("/api/v1/blobs/status", json={"sha256": many}).status_code == 422
    assert phone.post("/api/v1/blobs/status", json={"sha256": many[:500]}).status_code == 200
    bad = phone.post("/api/v1/blobs/status", json={"sha256": ["zz"]})
    assert (bad.status_code, bad.json["errors"][0]["pointer"]) == (422, "/sha256/0")


def test_bytes_first_then_the_declaration(cast, phone):  # fault 47
    put(phone, PHOTO)
    subject, _ = declare(cast, "lin", PHOTO)
    assert states(cast, subject) == ["stored"]


def test_the_declaration_first_then_bytes(cast, phone):
    subject, _ = declare(cast, "lin", PHOTO)
    assert states(cast, subject) == ["declared"]
    url = create(phone, PHOTO)
    send(phone, url, 0, PHOTO[:100])
    assert states(cast, subject) == ["uploading"]
    send(phone, url, 100, PHOTO[100:])
    assert states(cast, subject) == ["stored"]


def test_somebody_elses_bytes_do_not_store_my_photo(cast, phone):
    mine, _ = declare(cast, "wu", PHOTO)
    put(phone, PHOTO)
    assert states(cast, mine) == ["declared"]
    later, _ = declare(cast, "wu", PHOTO)
    assert states(cast, later) == ["declared"]
    put(cast.client("wu"), PHOTO)
    assert states(cast, mine) == states(cast, later) == ["stored"]


def test_two_photos_of_the_same_bytes_are_both_stored(cast, phone):
    subject = uuid4()
    declare(cast, "lin", PHOTO, subject=subject)
    declare(cast, "lin", PHOTO, subject=subject, role="after")
    put(phone, PHOTO)
    assert states(cast, subject) == ["stored", "stored"]


def test_declared_bytes_do_not_count_against_the_quota(any_database_url, tmp_path):
    app = build_app(any_database_url, tmp_path, quota_bytes=len(PHOTO) + 10)
    cast = Cast(app)
    phone = cast.client("lin")
    declare(cast, "lin", PHOTO)
    assert put(phone, PHOTO).status_code == 201
    assert put(phone, picture(14)).status_code == 201
    assert slug(put(phone, picture(15))) == "quota_exceeded"
    declare(cast, "lin", picture(14))
    assert put(phone, picture(15)).status_code == 201
    close_app(app)
