"""Endpoints of findings: reading them, the desk, the work."""

from backend.domains.findings.api import desk, reading, work
from backend.domains.findings.api.door import blueprint

blueprints = [blueprint]
"""All endpoints stand on one blueprint; importing the files puts them there."""

__all__ = ["blueprints", "desk", "reading", "work"]
