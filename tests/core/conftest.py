"""What touches a database runs on both."""

import pytest


@pytest.fixture
def app(any_app):
    return any_app
