"""The district and its stories, on both databases."""

import pytest

from tests.make.phone import Phone
from tests.make.rosters import Roster
from tests.stories import Story


@pytest.fixture
def district(any_district):
    return any_district


@pytest.fixture
def story(district):
    return Story(district)


@pytest.fixture
def crew(district):
    """Wang, Xu and Yan inspect Lin's town."""
    for login in ("wang", "xu", "yan"):
        district.person(login, ("inspector", "330113001"))
    return district


@pytest.fixture
def roster(crew):
    return Roster(crew)


@pytest.fixture
def far(crew):
    """An inspector of the whole district, whose phone holds no area."""
    crew.person("far", ("inspector", "330113"))
    return Phone(crew, "far")
