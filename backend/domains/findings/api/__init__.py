"""Endpoints of findings: reading them, the desk, the work."""

from backend.domains.findings.api import (
    bulk,
    campaigns,
    consents,
    desk,
    hands,
    leaving,
    reading,
    recording,
    requests,
    tasks,
    work,
    worklists,
)
from backend.domains.findings.api.door import blueprint

blueprints = [blueprint]
"""All endpoints stand on one blueprint; importing the files puts them there."""

__all__ = [
    "blueprints",
    "bulk",
    "campaigns",
    "consents",
    "desk",
    "hands",
    "leaving",
    "reading",
    "recording",
    "requests",
    "tasks",
    "work",
    "worklists",
]
