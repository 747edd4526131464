"""The application's settings, for api files: they hand the values down as parameters."""

from __future__ import annotations

from typing import cast

from flask import current_app

from backend.core.config import Settings


def settings() -> Settings:
    """The settings this application was made with."""
    return cast("Settings", current_app.extensions["linping.settings"])
