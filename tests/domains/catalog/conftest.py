"""The catalogue as loaded for tests."""

import datetime as dt
from pathlib import Path

import pytest

import backend.domains.catalog
from backend.domains.catalog.actions import load_edition

FILE = Path(backend.domains.catalog.__file__).parent / "data" / "catalog.csv"
FIRST_DAY = dt.date(2026, 1, 1)


@pytest.fixture(scope="session")
def csv_text():
    return FILE.read_text("utf-8")


@pytest.fixture
def loaded(cast, csv_text):
    """The cast, on an application with edition 1."""
    cast.do(load_edition, number=1, name="2026", valid_from=FIRST_DAY, source="test", csv=csv_text)
    return cast
