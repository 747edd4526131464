"""The district and its stories, on both databases, and somebody at the public door."""

from __future__ import annotations

import pytest

from tests.make.resident import Resident
from tests.stories import Story


@pytest.fixture
def district(any_district):
    return any_district


@pytest.fixture
def story(district):
    return Story(district)


@pytest.fixture
def resident(district):
    return Resident(district)
