"""Endpoints of residents' reports: the public door, and the desk."""

from backend.domains.residents.api import desk, photos, public, reopening
from backend.domains.residents.api.door import blueprint

blueprints = [blueprint]
"""All endpoints stand on one blueprint; importing the files puts them there."""

__all__ = ["blueprints", "desk", "photos", "public", "reopening"]
