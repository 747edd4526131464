"""The district and its stories, on both databases."""

import pytest

from tests.stories import Story


@pytest.fixture
def district(any_district):
    return any_district


@pytest.fixture
def story(district):
    return Story(district)
