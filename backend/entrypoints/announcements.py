"""The table of all kinds of message that people get, handed down to notifications."""

from __future__ import annotations

from backend.domains.findings.rules.announcements.kinds import KINDS as OF_FINDINGS
from backend.domains.notifications.rules.kinds import put_up
from backend.domains.notifications.rules.own import KINDS as OWN
from backend.domains.residents.rules.announcements import KINDS as OF_RESIDENTS

KINDS = (*OF_FINDINGS, *OF_RESIDENTS, *OWN)


def install() -> None:
    """Put them up."""
    put_up(KINDS)
