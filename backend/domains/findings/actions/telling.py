"""Telling the journal and the feed about a finding: always with the scopes it is in now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from backend.core.act import Act
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.rules.needs import needs_of
from backend.domains.findings.rules.visibility import scopes_of


def tell(act: Act, event: str, row: Finding, *, left: Iterable[str] = (), **facts: Any) -> None:
    """Say what happened to the finding. `left` are scopes it was in before and is no more."""
    scopes = scopes_of(row)
    gone = sorted(set(left) - set(scopes))
    act.tell(event, "finding", row.id, version=row.version, scopes=scopes, left=gone, state=row.state, needs=needs_of(row), **facts)
