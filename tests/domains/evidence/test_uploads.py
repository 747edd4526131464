"""Uploads by tus, through the front door."""

from __future__ import annotations

import base64
import datetime as dt
import errno
import hashlib
import os
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from backend.core.database.engine import db
from backend.domains.evidence.model import Blob, Upload
from backend.domains.evidence.outside import spool
from backend.domains.evidence.outside.stores import LocalStore
from backend.entrypoints.worker.photos import sweep_uploads
from tests.domains.evidence.conftest import CHUNK, TUS, create, creation, put, send, slug, stands_at, status_of
from tests.make.application import build_app, close_app
from tests.make.people import Cast
from tests.make.pictures import bomb, picture, sha256

PHOTO = picture(noise=True)
HALF = len(PHOTO) // 2


def stored(app: Flask, content: bytes) -> bytes | None:
    path = Path(app.extensions["linping.settings"].blob_store) / sha256(content)[:2] / sha256(content)
    return path.read_bytes() if path.exists() else None


def spooled(app: Flask) -> list[str]:
    folder = Path(app.extensions["linping.settings"].blob_store) / "spool"
    return [path.name for path in folder.iterdir()] if folder.exists() else []


class Breaking(BytesIO):
    """A body whose connection breaks: by an early end, or by an error."""

    def __init__(self, content: bytes, error: type[Exception] | None = None) -> None:
        super().__init__(content)
        self.error = error

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(size)
        if not piece and self.error:
            raise self.error
        return piece


class Meanwhile(BytesIO):
    """A body that comes slowly: before its last bytes something else happens."""

    def __init__(self, content: bytes, deed) -> None:
        super().__init__(content)
        self.deed = deed

    def read(self, size: int | None = -1, /) -> bytes:
        if self.deed:
            deed, self.deed = self.deed, None
            deed()
        return super().read(size)


def send_stream(phone: FlaskClient, url: str, offset: int, stream: BytesIO, length: int):
    headers = {**CHUNK, "Upload-Offset": str(offset), "Content-Length": str(length)}
    return phone.patch(url, input_stream=stream, headers=headers, environ_overrides={"CONTENT_LENGTH": str(length)})


def test_the_server_says_what_of_tus_it_speaks(client):
    answer = client.options("/api/v1/uploads")
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert set(answer.headers["Tus-Extension"].split(",")) == {"creation", "creation-with-upload", "expiration", "checksum", "termination"}
    assert set(answer.headers["Tus-Checksum-Algorithm"].split(",")) == {"sha1", "sha256", "md5"}
    assert answer.headers["Tus-Max-Size"] == str(25 * 1024 * 1024)


def test_a_photo_in_one_patch_is_stored_byte_for_byte(app, phone):
    url = create(phone, PHOTO)
    answer = send(phone, url, 0, PHOTO)
    assert answer.status_code == 204
    assert answer.headers["Upload-Offset"] == str(len(PHOTO))
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert "Upload-Expires" in answer.headers
    assert stored(app, PHOTO) == PHOTO
    assert spooled(app) == []
    assert status_of(phone, PHOTO) == "stored"
    assert stands_at(phone, url) == len(PHOTO)


def test_a_photo_in_the_creation_itself_is_stored(app, phone):
    answer = phone.post("/api/v1/uploads", data=PHOTO, headers={**creation(PHOTO), "Content-Type": "application/offset+octet-stream"})
    assert answer.status_code == 201
    assert answer.headers["Upload-Offset"] == str(len(PHOTO))
    assert stored(app, PHOTO) == PHOTO
    assert stands_at(phone, answer.headers["Location"]) == len(PHOTO)


def test_a_creation_with_the_first_bytes_goes_on_by_patch(app, phone):
    answer = phone.post(
        "/api/v1/uploads", data=PHOTO[:HALF], headers={**creation(PHOTO), "Content-Type": "application/offset+octet-stream"}
    )
    assert answer.headers["Upload-Offset"] == str(HALF)
    assert send(phone, answer.headers["Location"], HALF, PHOTO[HALF:]).status_code == 204
    assert stored(app, PHOTO) == PHOTO


@pytest.mark.parametrize("pieces", [2, 7])
def test_a_photo_in_pieces_is_stored_whole_and_leaves_no_spool(app, phone, pieces):
    url, step, offset = create(phone, PHOTO), -(-len(PHOTO) // pieces), 0
    while offset < len(PHOTO):
        assert send(phone, url, offset, PHOTO[offset : offset + step]).status_code == 204
        offset = stands_at(phone, url)
    assert stored(app, PHOTO) == PHOTO
    assert spooled(app) == []


def test_a_lost_creation_yields_the_same_upload(phone):  # fault 51
    first = create(phone, PHOTO)
    send(phone, first, 0, PHOTO[:HALF])
    again = phone.post("/api/v1/uploads", headers=creation(PHOTO))
    assert again.status_code == 201
    assert (again.headers["Location"], again.headers["Upload-Offset"]) == (first, str(HALF))


def test_creating_a_finished_upload_again_gives_its_full_offset(phone):
    url = create(phone, PHOTO)
    send(phone, url, 0, PHOTO)
    again = phone.post("/api/v1/uploads", headers=creation(PHOTO))
    assert (again.headers["Location"], again.headers["Upload-Offset"]) == (url, str(len(PHOTO)))


def test_what_was_put_before_needs_no_upload(phone):
    put(phone, PHOTO)
    answer = phone.post("/api/v1/uploads", headers=creation(PHOTO))
    assert answer.status_code == 201
    assert answer.headers["Upload-Offset"] == str(len(PHOTO))
    assert stands_at(phone, answer.headers["Location"]) == len(PHOTO)


def test_a_wrong_offset_is_409_and_head_tells_the_true_one(app, phone):
    url = create(phone, PHOTO)
    send(phone, url, 0, PHOTO[:HALF])
    answer = send(phone, url, 0, PHOTO)
    assert (answer.status_code, slug(answer)) == (409, "offset_conflict")
    assert answer.headers["Upload-Offset"] == str(HALF)
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert stands_at(phone, url) == HALF
    assert send(phone, url, HALF, PHOTO[HALF:]).status_code == 204
    assert stored(app, PHOTO) == PHOTO


@pytest.mark.parametrize("error", [None, ConnectionResetError, TimeoutError])
def test_what_came_before_the_connection_broke_is_kept(app, phone, error):
    url = create(phone, PHOTO)
    send_stream(phone, url, 0, Breaking(PHOTO[:HALF], error), len(PHOTO))
    assert stands_at(phone, url) == HALF
    assert status_of(phone, PHOTO) == "uploading"
    assert send(phone, url, HALF, PHOTO[HALF:]).status_code == 204
    assert stored(app, PHOTO) == PHOTO


def test_a_slow_upload_is_noted_while_it_goes_on(monkeypatch, app, phone):
    monkeypatch.setattr(spool, "CHECKPOINT_SECONDS", 0.0)
    url = create(phone, PHOTO)
    seen = []

    class Watched(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            seen.append(stands_at(phone, url))
            return super().read(size)

    assert send_stream(phone, url, 0, Watched(PHOTO), len(PHOTO)).status_code == 204
    assert seen[0] == 0
    assert seen[1] == 64 * 1024
    assert stored(app, PHOTO) == PHOTO
    assert spooled(app) == []


def test_a_stalled_request_that_comes_back_loses_and_the_file_is_right(app, phone):  # fault 50
    url = create(phone, PHOTO)

    def overtake():
        assert send(phone, url, 0, PHOTO[: HALF + 10]).status_code == 204

    zombie = send_stream(phone, url, 0, Meanwhile(b"\0" * HALF, overtake), HALF)
    assert (zombie.status_code, slug(zombie)) == (409, "offset_conflict")
    assert stands_at(phone, url) == HALF + 10
    assert send(phone, url, HALF + 10, PHOTO[HALF + 10 :]).status_code == 204
    assert stored(app, PHOTO) == PHOTO
    assert spooled(app) == []


def test_a_stalled_request_cannot_touch_what_was_stored_meanwhile(app, phone):  # fault 50
    url = create(phone, PHOTO)
    send(phone, url, 0, PHOTO[:100])

    def overtake():
        assert send(phone, url, 100, PHOTO[100:]).status_code == 204
        assert stored(app, PHOTO) == PHOTO

    send_stream(phone, url, 100, Meanwhile(b"\0" * HALF, overtake), HALF)
    assert stored(app, PHOTO) == PHOTO
    assert stands_at(phone, url) == len(PHOTO)


def test_altered_bytes_are_refused_and_the_upload_goes_back_to_zero(app, phone):  # fault 49
    url = create(phone, PHOTO)
    send(phone, url, 0, PHOTO[:HALF])
    answer = send(phone, url, HALF, PHOTO[HALF:-1] + bytes([PHOTO[-1] ^ 1]))
    assert (answer.status_code, slug(answer)) == (422, "hash_mismatch")
    assert stored(app, PHOTO) is None
    assert status_of(phone, PHOTO) == "unknown"
    assert stands_at(phone, url) == 0
    assert spooled(app) == []
    assert send(phone, url, 0, PHOTO).status_code == 204
    assert stored(app, PHOTO) == PHOTO


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5"])
def test_a_chunk_with_its_checksum_counts_and_a_wrong_one_does_not(app, phone, algorithm):
    url = create(phone, PHOTO)
    for start, end in ((0, HALF), (HALF, len(PHOTO))):
        right = base64.b64encode(hashlib.new(algorithm, PHOTO[start:end]).digest()).decode()
        wrong = send(phone, url, start, PHOTO[start : end - 1] + b"!", **{"Upload-Checksum": f"{algorithm} {right}"})
        assert (wrong.status_code, slug(wrong)) == (460, "checksum_mismatch")
        assert stands_at(phone, url) == start
        assert send(phone, url, start, PHOTO[start:end], **{"Upload-Checksum": f"{algorithm} {right}"}).status_code == 204
    assert stored(app, PHOTO) == PHOTO


@pytest.mark.parametrize("checksum", ["crc32 AAAA", "sha1", "sha1 ***", "sha1 QQ"])
def test_a_checksum_that_cannot_be_read_is_400(phone, checksum):
    url = create(phone, PHOTO)
    answer = send(phone, url, 0, PHOTO, **{"Upload-Checksum": checksum})
    assert (answer.status_code, stands_at(phone, url)) in {(400, 0), (460, 0)}
    assert slug(answer) in {"bad_upload_header", "checksum_mismatch"}


def test_a_chunk_that_breaks_off_and_has_a_checksum_does_not_count(phone):
    url = create(phone, PHOTO)
    headers = {**CHUNK, "Upload-Offset": "0", "Upload-Checksum": "sha1 AAAA", "Content-Length": str(len(PHOTO))}
    phone.patch(url, input_stream=Breaking(PHOTO[:HALF]), headers=headers, environ_overrides={"CONTENT_LENGTH": str(len(PHOTO))})
    assert stands_at(phone, url) == 0


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"meeting notes, not a picture\n" * 40, "not_a_picture"),
        (b"GIF89a" + b"\0" * 200, "not_a_picture"),
        (bomb(), "photo_too_large"),
        (PHOTO[:2], "not_a_picture"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 90, "not_a_picture"),
        (b"%PDF-1.7\n" + PHOTO, "not_a_picture"),
    ],
    ids=["text named .jpg", "gif", "bomb", "two bytes", "no real heic", "pdf"],
)
def test_what_is_no_picture_by_its_header_is_refused_and_nothing_stored(app, phone, content, expected):
    url = create(phone, content)
    answer = send(phone, url, 0, content)
    assert slug(answer) == expected
    assert stored(app, content) is None
    assert spooled(app) == []
    assert status_of(phone, content) == "unknown"
    assert stands_at(phone, url) == 0
    with app.app_context():
        assert db.session().get(Blob, sha256(content)) is None


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_type_and_dimensions_come_from_the_content(app, phone, kind):
    content = picture(2, size=(320, 200), kind=kind)
    assert send(phone, create(phone, content), 0, content).status_code == 204
    with app.app_context():
        blob = db.session().get(Blob, sha256(content))
        assert (blob.width, blob.height, blob.size, blob.state) == (320, 200, len(content), "stored")
        assert blob.mime == {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "HEIF": "image/heic"}[kind]


@pytest.mark.parametrize(
    ("change", "status", "expected"),
    [
        ({"Tus-Resumable": "0.2.2"}, 412, "tus_version"),
        ({"Tus-Resumable": None}, 412, "tus_version"),
        ({"Upload-Length": "0"}, 422, "empty_photo"),
        ({"Upload-Length": str(25 * 1024 * 1024 + 1)}, 413, "photo_too_large"),
        ({"Upload-Length": None}, 400, "length_required"),
        ({"Upload-Length": None, "Upload-Defer-Length": "1"}, 400, "length_required"),
        ({"Upload-Length": "-5"}, 400, "bad_upload_header"),
        ({"Upload-Length": "many"}, 400, "bad_upload_header"),
        ({"Upload-Metadata": None}, 400, "bad_upload_header"),
        ({"Upload-Metadata": "sha256 ***"}, 400, "bad_upload_header"),
        ({"Upload-Metadata": "sha256 YWJj"}, 400, "bad_upload_header"),
        ({"Upload-Metadata": "x " + "A" * 5000}, 400, "bad_upload_header"),
    ],
)
def test_a_creation_that_is_wrong_says_what(phone, change, status, expected):
    headers = {name: value for name, value in {**creation(PHOTO), **change}.items() if value is not None}
    answer = phone.post("/api/v1/uploads", headers=headers)
    assert (answer.status_code, slug(answer)) == (status, expected)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"Tus-Resumable": "0.1"}, 412),
        ({"Content-Type": "application/octet-stream"}, 415),
        ({"Upload-Offset": "x"}, 400),
        ({"Upload-Offset": None}, 400),
        ({"Upload-Offset": "7"}, 409),
    ],
)
def test_a_patch_that_is_wrong_changes_nothing(phone, change, status):
    url = create(phone, PHOTO)
    headers = {name: value for name, value in {**CHUNK, "Upload-Offset": "0", **change}.items() if value is not None}
    assert phone.patch(url, data=PHOTO, headers=headers).status_code == status
    assert stands_at(phone, url) == 0


def test_bytes_beyond_the_length_are_refused(phone):
    url = create(phone, PHOTO)
    answer = send(phone, url, 0, PHOTO + b"more")
    assert (answer.status_code, slug(answer)) == (413, "too_large")
    assert stands_at(phone, url) == 0


def test_a_chunked_body_is_refused(phone):
    url = create(phone, PHOTO)
    headers = {**CHUNK, "Upload-Offset": "0", "Transfer-Encoding": "chunked"}
    answer = phone.patch(url, input_stream=BytesIO(PHOTO), headers=headers, environ_overrides={"wsgi.input_terminated": True})
    assert (answer.status_code, slug(answer)) == (400, "length_required")


def test_an_empty_patch_says_where_the_upload_stands(phone):
    url = create(phone, PHOTO)
    send(phone, url, 0, PHOTO[:HALF])
    answer = send(phone, url, HALF, b"")
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(HALF))


def test_an_upload_created_with_the_wrong_size_starts_anew_with_the_right_one(app, phone):
    wrong = create(phone, PHOTO, length=HALF)
    send(phone, wrong, 0, PHOTO[:100])
    url = create(phone, PHOTO)
    assert stands_at(phone, url) == 0
    assert send(phone, url, 0, PHOTO[:HALF]).status_code == 204
    assert send(phone, url, HALF, PHOTO[HALF:]).status_code == 204
    assert stored(app, PHOTO) == PHOTO
    again = phone.post("/api/v1/uploads", headers=creation(PHOTO, length=HALF))
    assert (again.status_code, slug(again)) == (400, "bad_upload_header")


def test_head_gives_the_metadata_back_and_is_not_cached(phone):
    url = create(phone, PHOTO)
    answer = phone.head(url, headers=TUS)
    assert answer.headers["Upload-Metadata"] == creation(PHOTO)["Upload-Metadata"]
    assert answer.headers["Upload-Length"] == str(len(PHOTO))
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_terminated_upload_is_gone_with_its_bytes(app, phone):
    url = create(phone, PHOTO)
    send(phone, url, 0, PHOTO[:HALF])
    assert phone.delete(url, headers=TUS).status_code == 204
    assert phone.head(url, headers=TUS).status_code == 404
    assert send(phone, url, HALF, PHOTO[HALF:]).status_code == 404
    assert spooled(app) == []
    assert stands_at(phone, create(phone, PHOTO)) == 0


def test_terminating_a_finished_upload_leaves_the_photo(app, phone):
    url = create(phone, PHOTO)
    send(phone, url, 0, PHOTO)
    assert phone.delete(url, headers=TUS).status_code == 204
    assert stored(app, PHOTO) == PHOTO
    assert status_of(phone, PHOTO) == "stored"


def expire(app, content) -> None:
    with app.app_context():
        (row,) = db.session().query(Upload).filter_by(sha256=sha256(content))
        row.expires_at -= dt.timedelta(days=8)
        db.session().commit()


@pytest.mark.parametrize("swept", [False, True])
def test_an_expired_upload_begins_again_from_its_first_byte(app, phone, swept):
    url = create(phone, PHOTO)
    send(phone, url, 0, PHOTO[:HALF])
    expire(app, PHOTO)
    if swept:
        (left,) = spooled(app)
        os.utime(Path(app.extensions["linping.settings"].blob_store) / "spool" / left, (0, 0))
        assert sweep_uploads(app) == 2
        assert spooled(app) == []
    assert stands_at(phone, url) == 0
    assert create(phone, PHOTO) == url
    assert send(phone, url, 0, PHOTO[:100]).status_code == 204
    assert stands_at(phone, url) == 100
    assert send(phone, url, 100, PHOTO[100:]).status_code == 204
    assert stored(app, PHOTO) == PHOTO


def test_an_upload_lasts_longer_with_each_chunk(app, phone):
    url = create(phone, PHOTO)
    send(phone, url, 0, PHOTO[:HALF])
    with app.app_context():
        row = db.session().get(Upload, url.rpartition("/")[2].partition(".")[0])
        row.expires_at = before = row.expires_at - dt.timedelta(days=3)
        db.session().commit()
    send(phone, url, HALF, PHOTO[HALF : HALF + 10])
    with app.app_context():
        assert db.session().get(Upload, row.id).expires_at > before + dt.timedelta(days=2)


def test_the_sweep_leaves_what_is_under_way(app, phone):
    url = create(phone, PHOTO)
    send(phone, url, 0, PHOTO[:HALF])
    for name in spooled(app):
        os.utime(Path(app.extensions["linping.settings"].blob_store) / "spool" / name, (0, 0))
    assert sweep_uploads(app) == 0
    assert send(phone, url, HALF, PHOTO[HALF:]).status_code == 204
    assert stored(app, PHOTO) == PHOTO


def test_spooled_bytes_that_are_lost_are_asked_for_again(app, phone):
    url = create(phone, PHOTO)
    send(phone, url, 0, PHOTO[:HALF])
    (left,) = spooled(app)
    (Path(app.extensions["linping.settings"].blob_store) / "spool" / left).unlink()
    answer = send(phone, url, HALF, PHOTO[HALF:])
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (409, "0")
    assert stands_at(phone, url) == 0
    assert send(phone, url, 0, PHOTO).status_code == 204
    assert stored(app, PHOTO) == PHOTO


@pytest.mark.parametrize("where", ["pwrite", "fsync"])
def test_a_full_disk_is_507_and_nothing_is_marked(monkeypatch, app, phone, where):  # fault 52
    url = create(phone, PHOTO)
    send(phone, url, 0, PHOTO[:HALF])
    real = getattr(os, where)

    def full(*_given):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, where, full)
    answer = send(phone, url, HALF, PHOTO[HALF:])
    monkeypatch.setattr(os, where, real)
    assert (answer.status_code, slug(answer)) == (507, "storage_full")
    assert stored(app, PHOTO) is None
    assert stands_at(phone, url) == HALF
    assert send(phone, url, HALF, PHOTO[HALF:]).status_code == 204
    assert stored(app, PHOTO) == PHOTO


@pytest.mark.parametrize(("code", "status"), [(errno.ENOSPC, 507), (errno.EIO, 503)])
def test_a_store_that_fails_at_the_last_moment_marks_nothing(monkeypatch, app, phone, code, status):
    def fails(self, source, key):
        raise OSError(code, os.strerror(code))

    url = create(phone, PHOTO)
    with monkeypatch.context() as patched:
        patched.setattr(LocalStore, "keep", fails)
        assert send(phone, url, 0, PHOTO).status_code == status
    assert status_of(phone, PHOTO) == "unknown"
    assert stands_at(phone, url) == 0
    assert send(phone, url, 0, PHOTO).status_code == 204
    assert stored(app, PHOTO) == PHOTO


def test_an_upload_belongs_to_its_person(cast: Cast, phone):
    url = create(phone, PHOTO)
    wu = cast.client("wu")
    assert wu.head(url, headers=TUS).status_code == 404
    assert send(wu, url, 0, PHOTO).status_code == 404
    assert wu.delete(url, headers=TUS).status_code == 404
    assert create(wu, PHOTO) != url
    send(phone, url, 0, PHOTO[:HALF])
    assert wu.head(url, headers=TUS).status_code == 404
    assert send(wu, url, HALF, PHOTO[HALF:]).status_code == 404
    assert stands_at(cast.client("lin"), url) == HALF


def test_a_made_up_url_is_404(phone):
    url = create(phone, PHOTO)
    for made_up in ("x", "x.y", url.rpartition("/")[2].partition(".")[0], "0" * 64 + "." + url.partition(".")[2], "x.%FF"):
        assert phone.head(f"/api/v1/uploads/{made_up}", headers=TUS).status_code == 404


def test_a_url_cannot_claim_more_than_a_creation_may(phone):
    url = create(phone, PHOTO)
    upload, _, text = url.rpartition("/")[2].partition(".")
    stated = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).partition(b" ")[2]
    grown = base64.urlsafe_b64encode(b"99999999999 " + stated).decode().rstrip("=")
    answer = send(phone, f"/api/v1/uploads/{upload}.{grown}", 0, PHOTO)
    assert (answer.status_code, slug(answer)) == (413, "photo_too_large")


def test_without_a_token_nothing_is_taken(client):
    assert client.post("/api/v1/uploads", headers=creation(PHOTO)).status_code == 401
    assert send(client, "/api/v1/uploads/x", 0, PHOTO).status_code == 401
    assert put(client, PHOTO).status_code == 401


def test_a_stranger_with_a_session_may_deliver_but_learns_nothing(cast, phone):
    send(phone, create(phone, PHOTO), 0, PHOTO)
    assert status_of(cast.client("stranger"), PHOTO) == "unknown"


def test_post_stands_in_for_patch_and_delete(app, phone):
    url = create(phone, PHOTO)
    headers = {**CHUNK, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert phone.post(url, data=PHOTO, headers=headers).status_code == 204
    assert stored(app, PHOTO) == PHOTO
    assert phone.post(url, headers={**TUS, "X-HTTP-Method-Override": "DELETE"}).status_code == 204
    assert phone.post(url, headers=TUS).status_code == 405


def test_the_quota_counts_what_is_under_way(any_database_url, tmp_path):
    app = build_app(any_database_url, tmp_path, quota_bytes=len(PHOTO) + 10)
    phone = Cast(app).client("lin")
    url = create(phone, PHOTO)
    small = create(phone, picture(3))
    send(phone, url, 0, PHOTO[:100])
    answer = phone.post("/api/v1/uploads", headers=creation(picture(3)))
    assert (answer.status_code, slug(answer)) == (413, "quota_exceeded")
    assert slug(put(phone, picture(3))) == "quota_exceeded"
    assert slug(send(phone, small, 0, picture(3))) == "quota_exceeded"
    assert send(phone, url, 100, PHOTO[100:]).status_code == 204
    close_app(app)
