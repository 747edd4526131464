"""Endpoints of evidence: blobs by content, uploads by tus 1.0. Photos are served by the subjects they are on."""

from backend.domains.evidence.api import blobs, uploads

blueprints = [blobs.blueprint, uploads.blueprint]
