"""The worker's examination: decoded for real, or unreadable; renditions upright; a killer file is given up."""

from __future__ import annotations

import datetime as dt
import os
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest
from PIL import Image

from backend.core.database.engine import db
from backend.core.journal import JournalEntry
from backend.core.problems import Missing
from backend.domains.evidence.actions.examinations import settle_examination
from backend.domains.evidence.model import Blob
from backend.domains.evidence.outside import pictures
from backend.domains.evidence.outside.pictures import examine, read_header
from backend.domains.evidence.outside.serving import photo_file
from backend.domains.evidence.outside.stores import LocalStore, open_store
from backend.domains.evidence.queries import find_photo
from backend.domains.evidence.rules.photos import NotAPicture, PhotoTooLarge, Verdict
from backend.entrypoints.worker.photos import examine_due
from tests.domains.evidence.conftest import declare, put, states
from tests.make.pictures import CORNER, bomb, located, picture, sha256, turned

PIXELS = 120_000_000
PHOTO = picture(21, size=(1600, 1200), noise=True)
CUT = PHOTO[: len(PHOTO) // 2]


def blob_of(app, content) -> Blob:
    with app.app_context():
        return db.session().get(Blob, sha256(content))


def told(app, subject) -> list[str]:
    with app.app_context():
        rows = db.session().query(JournalEntry).filter_by(subject=str(subject)).order_by(JournalEntry.seq)
        return [row.event for row in rows]


def rendition_file(app, content, kind) -> Path:
    return Path(app.extensions["linping.settings"].blob_store) / "renditions" / sha256(content) / f"{kind}.jpg"


def make_due(app, content) -> None:
    with app.app_context():
        db.session().get(Blob, sha256(content)).due_at = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
        db.session().commit()


def test_a_photo_that_decodes_is_usable_and_has_renditions(app, cast, phone):
    subject, _ = declare(cast, "lin", PHOTO)
    put(phone, PHOTO)
    assert examine_due(app) == 1
    assert states(cast, subject) == ["usable"]
    assert told(app, subject) == ["photo.stored", "photo.usable"]
    for kind, longest in (("thumbnail", 320), ("screen", 1280)):
        with Image.open(rendition_file(app, PHOTO, kind)) as copy:
            assert max(copy.size) == longest
    assert examine_due(app) == 0


def test_a_jpeg_cut_off_in_the_middle_is_stored_then_unreadable_and_kept(app, cast, phone):
    subject, _ = declare(cast, "lin", CUT)
    assert put(phone, CUT).status_code == 201
    examine_due(app)
    assert states(cast, subject) == ["unreadable"]
    assert told(app, subject)[-1] == "photo.unreadable"
    blob = blob_of(app, CUT)
    assert blob.fault.startswith("cannot_decode: ")
    path = Path(app.extensions["linping.settings"].blob_store) / sha256(CUT)[:2] / sha256(CUT)
    assert path.read_bytes() == CUT


def test_the_verdict_reaches_every_declarer_who_delivered_and_no_other(app, cast, phone):
    wu, _ = declare(cast, "wu", PHOTO)
    lin, _ = declare(cast, "lin", PHOTO)
    put(phone, PHOTO)
    examine_due(app)
    assert (states(cast, lin), states(cast, wu)) == (["usable"], ["declared"])
    put(cast.client("wu"), PHOTO)
    assert states(cast, wu) == ["usable"]
    assert told(app, wu) == ["photo.usable"]
    late, _ = declare(cast, "lin", PHOTO)
    assert states(cast, late) == ["usable"]


def test_a_second_verdict_changes_nothing(app, cast, phone):
    subject, _ = declare(cast, "lin", PHOTO)
    put(phone, PHOTO)
    examine_due(app)
    cast.do(settle_examination, sha256=sha256(PHOTO), verdict=Verdict("unreadable", fault="cannot_decode: x"))
    assert states(cast, subject) == ["usable"]


def test_a_file_that_kills_the_examiner_is_given_up_after_three_attempts(monkeypatch, app, cast, phone):
    subject, _ = declare(cast, "lin", PHOTO)
    put(phone, PHOTO)

    def killed(*_given, **_facts):
        raise SystemExit(137)

    monkeypatch.setattr(pictures, "examine", killed)
    for attempt in (1, 2, 3):
        make_due(app, PHOTO)
        with pytest.raises(SystemExit):
            examine_due(app)
        assert blob_of(app, PHOTO).attempts == attempt
        assert examine_due(app) == 0  # nobody else begins while this one may still be at it
    make_due(app, PHOTO)
    assert examine_due(app) == 0
    assert states(cast, subject) == ["unreadable"]
    assert blob_of(app, PHOTO).fault.startswith("examiner_failed: ")
    assert told(app, subject)[-1] == "photo.unreadable"


def test_too_little_memory_counts_as_an_attempt_and_is_tried_again(monkeypatch, app, cast, phone):
    subject, _ = declare(cast, "lin", PHOTO)
    put(phone, PHOTO)
    with monkeypatch.context() as patched:
        patched.setattr(Image.Image, "load", lambda _self: (_ for _ in ()).throw(MemoryError()))
        patched.setattr("PIL.ImageFile.ImageFile.load", lambda _self: (_ for _ in ()).throw(MemoryError()))
        assert examine_due(app) == 1
    assert states(cast, subject) == ["stored"]
    make_due(app, PHOTO)
    examine_due(app)
    assert states(cast, subject) == ["usable"]


def test_a_store_that_does_not_answer_says_nothing_about_the_photo(monkeypatch, app, cast, phone):
    subject, _ = declare(cast, "lin", PHOTO)
    put(phone, PHOTO)

    def fails(self, key):
        raise OSError(5, "input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(LocalStore, "open", fails)
        for _ in range(5):
            make_due(app, PHOTO)
            examine_due(app)
    assert (states(cast, subject), blob_of(app, PHOTO).attempts) == (["stored"], 0)
    make_due(app, PHOTO)
    examine_due(app)
    assert states(cast, subject) == ["usable"]


def test_renditions_that_cannot_be_kept_take_nothing_from_the_evidence(monkeypatch, app, cast, phone):
    subject, _ = declare(cast, "lin", PHOTO)
    put(phone, PHOTO)

    def fails(self, content, key):
        raise OSError(28, "no space left")

    monkeypatch.setattr(LocalStore, "put", fails)
    examine_due(app)
    assert states(cast, subject) == ["usable"]


def test_exif_time_and_place_are_kept_as_the_camera_wrote_them(app, phone):
    content = located()
    put(phone, content)
    examine_due(app)
    facts = blob_of(app, content).exif
    assert facts["times"]["taken"] == {"text": "2026:11:22 16:01:10", "offset": "+08:00", "subsecond": "042"}
    assert facts["place"]["raw"]["latitude"] == [[30, 1], [25, 1], [840001, 100000]]
    assert facts["place"]["lat"] == pytest.approx(30 + 25 / 60 + 8.40001 / 3600, abs=1e-12)
    assert facts["place"]["lon"] == pytest.approx(120 + 17 / 60 + 57.84 / 3600, abs=1e-12)
    assert facts["place"]["datum"] == "WGS-84"
    assert (facts["make"], facts["model"], facts["orientation"]) == ("Maker", "Phone 7", 1)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_renditions_are_upright_and_bare(orientation):
    content = turned(orientation)
    verdict, copies = examine(BytesIO(content), pixels=PIXELS)
    assert verdict.exif["orientation"] == orientation
    assert (verdict.width, verdict.height) == ((320, 200) if orientation < 5 else (200, 320))
    for copy in copies.values():
        with Image.open(BytesIO(copy)) as image:
            assert image.size == (320, 200)
            assert not image.getexif()
            assert "icc_profile" not in image.info
            near = image.getpixel((20, 12))
            assert all(abs(one - other) < 25 for one, other in zip(near, CORNER, strict=True))
            assert all(abs(one - other) < 25 for one, other in zip(image.getpixel((300, 180)), (90, 120, 150), strict=True))


@pytest.mark.parametrize("mode", ["L", "1", "P", "LA", "RGBA", "I;16", "CMYK"])
def test_every_kind_of_pixel_gets_a_rendition(mode):
    image = Image.new(mode, (400, 300)) if mode != "P" else Image.new("RGB", (400, 300)).quantize(4)
    out = BytesIO()
    image.save(out, "JPEG" if mode == "CMYK" else "PNG")
    verdict, copies = examine(out, pixels=PIXELS) if not out.seek(0) else None
    assert verdict.state == "usable"
    assert sorted(copies) == ["screen", "thumbnail"]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_every_format_is_decoded(kind):
    verdict, copies = examine(BytesIO(picture(22, kind=kind)), pixels=PIXELS)
    assert (verdict.state, verdict.width, verdict.height, len(copies)) == ("usable", 640, 480, 2)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_no_format_survives_being_cut_off(kind, share):
    content = picture(23, kind=kind, noise=True)
    verdict, copies = examine(BytesIO(content[: int(len(content) * share)]), pixels=PIXELS)
    assert (verdict.state, copies) == ("unreadable", {})
    assert verdict.fault


def test_a_bomb_is_refused_by_its_header_before_a_pixel_is_read():
    with pytest.raises(PhotoTooLarge):
        read_header(BytesIO(bomb()), pixels=PIXELS)
    assert examine(BytesIO(bomb(12_000, 11_000)), pixels=PIXELS)[0].state == "unreadable"
    with pytest.raises(PhotoTooLarge):
        read_header(BytesIO(picture(24)), pixels=640 * 480 - 1)
    assert read_header(BytesIO(picture(24)), pixels=640 * 480).width == 640


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"BM" + b"\0" * 60])
def test_what_is_no_picture_is_named_so(content):
    with pytest.raises(NotAPicture):
        read_header(BytesIO(content), pixels=PIXELS)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")  # Pillow warns, and reads on
def test_broken_exif_makes_no_photo_unreadable():
    plain = picture(25)
    block = b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x12\x01\x03\0\xff\xff\xff\xff\0\0"
    broken = plain[:2] + b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block + plain[2:]
    assert examine(BytesIO(broken), pixels=PIXELS)[0].state == "usable"


def test_real_camera_files_decode_as_their_names_say():
    folder = os.environ.get("LINPING_REAL_PHOTOS")
    if not folder:
        pytest.skip("LINPING_REAL_PHOTOS names no folder of real camera files")
    found = {path.name: examine(path, pixels=PIXELS) for path in sorted(Path(folder).iterdir()) if path.suffix.lower() in {".jpg", ".heic"}}
    assert found
    for name, (verdict, copies) in found.items():
        assert verdict.state in {"usable", "unreadable"}, name
        assert bool(copies) == (verdict.state == "usable"), name
        if name.startswith("DSCN"):
            assert verdict.exif["place"]["lat"] == pytest.approx(43.467, abs=0.01)
        if name.startswith("landscape"):
            with Image.open(BytesIO(copies["screen"])) as copy:
                assert copy.width > copy.height
        if name.startswith("portrait"):
            with Image.open(BytesIO(copies["screen"])) as copy:
                assert copy.height > copy.width


def test_two_workers_do_not_examine_the_same_blob(app, phone):
    put(phone, PHOTO)
    seen = []
    real = pictures.examine

    def nested(*given, **facts):
        seen.append(examine_due(app))
        return real(*given, **facts)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(pictures, "examine", nested)
        assert examine_due(app) == 1
    assert seen == [0]


def test_unknown_blobs_are_not_settled(cast):
    with pytest.raises(Exception, match="no blob"):
        cast.do(settle_examination, sha256=uuid4().hex * 2, verdict=Verdict("usable"))


def test_a_photo_is_sent_as_it_came_or_as_an_upright_copy_made_when_it_is_missing(app, cast, phone):
    content = turned(6)
    subject, photo = declare(cast, "lin", content)
    put(phone, content)
    found = cast.ask(find_photo, photo, subject=subject)
    settings = app.extensions["linping.settings"]
    store = open_store(settings.blob_store, settings.data_folder)
    original, mime, _ = photo_file(store, found, "original", pixels=PIXELS)
    assert (original.read_bytes(), mime) == (content, "image/jpeg")
    copy, mime, _ = photo_file(store, found, "thumbnail", pixels=PIXELS)
    with Image.open(copy) as image:
        assert (image.size, mime) == ((320, 200), "image/jpeg")
    assert rendition_file(app, content, "screen").exists()
    original.unlink()
    with pytest.raises(Missing):
        photo_file(store, found, "original", pixels=PIXELS)
