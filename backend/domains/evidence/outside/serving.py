"""Moved to `evidence.api.serving`, for adapters know no requests; this name goes when `findings.api` asks there."""

from backend.domains.evidence.api.serving import send_photo

__all__ = ["send_photo"]
