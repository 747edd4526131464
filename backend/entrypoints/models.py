"""Every table of the system, imported once so that migrations and tests know them all."""

from backend.core import journal, reactions, revisions
from backend.entrypoints.discovery import modules

__all__ = ["journal", "reactions", "revisions"]

modules("model")
