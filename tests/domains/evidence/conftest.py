"""What the tests of evidence share: phones, and the words of tus."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backend.domains.evidence.actions.photos import declare_photo
from backend.domains.evidence.queries import photos_of
from tests.make.people import Cast
from tests.make.pictures import sha256

TUS = {"Tus-Resumable": "1.0.0"}
CHUNK = {**TUS, "Content-Type": "application/offset+octet-stream"}


@pytest.fixture
def app(any_app: Flask) -> Flask:
    """Everything here runs on SQLite and on PostgreSQL."""
    return any_app


@pytest.fixture
def phone(cast: Cast) -> FlaskClient:
    """Lin's phone: the credential of a replica."""
    return cast.bearing(cast.replica("lin").credential)


def creation(content: bytes, *, hash_of: bytes | None = None, length: int | None = None) -> dict[str, str]:
    """The headers that create an upload of this content."""
    encoded = base64.b64encode(sha256(content if hash_of is None else hash_of).encode()).decode()
    return {
        **TUS,
        "Upload-Length": str(len(content) if length is None else length),
        "Upload-Metadata": f"sha256 {encoded},mime aW1hZ2UvanBlZw==",
    }


def create(phone: FlaskClient, content: bytes, **claimed: Any) -> str:
    """The URL of a new upload."""
    answer = phone.post("/api/v1/uploads", headers=creation(content, **claimed))
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


def send(phone: FlaskClient, url: str, offset: int, chunk: bytes, **headers: str) -> TestResponse:
    """A PATCH."""
    return phone.patch(url, data=chunk, headers={**CHUNK, "Upload-Offset": str(offset), **headers})


def stands_at(phone: FlaskClient, url: str) -> int:
    """The offset by HEAD."""
    answer = phone.head(url, headers=TUS)
    assert answer.status_code == 200
    return int(answer.headers["Upload-Offset"])


def put(phone: FlaskClient, content: bytes) -> TestResponse:
    """A content-addressed PUT."""
    return phone.put(f"/api/v1/blobs/sha256/{sha256(content)}", data=content)


def status_of(phone: FlaskClient, content: bytes) -> str:
    """What POST /blobs/status says of this content."""
    answer = phone.post("/api/v1/blobs/status", json={"sha256": [sha256(content)]})
    return str(answer.json[sha256(content)]["state"])


def slug(answer: TestResponse) -> str:
    """The problem's slug."""
    return str(answer.json["type"]).rpartition("/")[2]


def declaration(content: bytes, **other: Any) -> dict[str, Any]:
    """A photo as the schema loads it."""
    return {
        "id": uuid4(),
        "sha256": sha256(content),
        "bytes": len(content),
        "mime": "image/jpeg",
        "role": "before",
        "taken_at": None,
    } | other


def declare(cast: Cast, login: str, content: bytes, *, subject: UUID | None = None, **other: Any) -> tuple[UUID, UUID]:
    """Somebody declares a photo: (subject, photo)."""
    subject = subject or uuid4()
    row = cast.do(declare_photo, by=login, photo=declaration(content, **other), subject_type="finding", subject=subject)
    return subject, row.id


def states(cast: Cast, subject: UUID) -> list[str]:
    """The states of a subject's photos."""
    return [photo["state"] for photo in cast.ask(photos_of, [subject])[subject]]
