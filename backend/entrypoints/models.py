"""Every table of the system, imported once so that migrations and tests know them all."""

from backend.core import deeds, journal, reactions, revisions
from backend.entrypoints.discovery import modules

__all__ = ["deeds", "journal", "reactions", "revisions"]

modules("model")
