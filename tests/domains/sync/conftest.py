"""Phones in the district; everything of sync that touches a database runs on both."""

import pytest

from tests.make.phone import Phone


@pytest.fixture
def district(any_district):
    return any_district


@pytest.fixture
def lin(district):
    return Phone(district, "lin")


@pytest.fixture
def wu(district):
    return Phone(district, "wu")
