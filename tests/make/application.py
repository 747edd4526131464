"""The application as a test meets it: on a migrated database of its own, spoken to through its front door.

Fixtures: `app` (SQLite; a folder whose tests should run on both databases overrides it with `any_app`), `any_app`, `client` (nobody signed
in), and from `tests.make.people` `cast`. `build_app(url, folder, **settings)` for what needs other settings.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from backend import create_app
from backend.core.config import Settings
from backend.core.database.engine import db
from tests.make import documented


def build_app(url: str, folder: Path, **settings: Any) -> Flask:
    """The application on this database, with its data in this folder."""
    chosen = {"data_folder": folder, "database_url": url, "blob_store": str(folder / "blobs"), "secret_key": "for-tests-only-not-secret"}
    app = create_app(Settings(**{**chosen, **settings}))
    app.testing = True
    documented.watch(app)
    app.extensions["linping.wake"] = None  # no worker listens: a test calls its tasks itself
    app.config["PROPAGATE_EXCEPTIONS"] = False  # an unexpected fault is answered as in production
    return app


def close_app(app: Flask) -> None:
    """Give back its connections."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def app(sqlite_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on SQLite."""
    app = build_app(sqlite_url, tmp_path)
    yield app
    close_app(app)


@pytest.fixture
def any_app(any_database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application; the test runs twice, on SQLite and on PostgreSQL."""
    app = build_app(any_database_url, tmp_path)
    yield app
    close_app(app)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client that is not signed in."""
    return app.test_client()
