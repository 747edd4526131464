"""The door: the blueprint, receipts and secrets made, and who comes with them."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any
from uuid import UUID

from flask import request

from backend.core.http.api import Blueprint
from backend.core.http.callers import here
from backend.core.http.settings import settings
from backend.core.perform import perform, reading
from backend.domains.residents.actions.turns import take_turn
from backend.domains.residents.queries.reports import check_turns, find_by_receipt, own_report
from backend.domains.residents.queries.standing import status_doc
from backend.domains.residents.rules.intake import Ticket
from backend.domains.residents.rules.receipts import ReceiptUnknown, digest_of, receipt_of, secret_of
from backend.domains.residents.rules.turns import key_of
from backend.domains.territory.rules.territory import local_day

blueprint = Blueprint("residents", __name__, description="What residents report without an account, and what they are told")

SECRET = {
    "name": "Receipt-Secret",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "maxLength": 100},
    "description": "The secret that was shown with the receipt",
}


def ticket_for(key: str) -> tuple[Ticket, str]:
    """Receipt and secret for the report of this key: made from it and the server's own secret, so that a repeat has the same secret."""
    session, act = here()
    with reading(session):
        day = local_day(act.at)
    chance = hmac.digest(settings().secret_key.encode(), f"report {key}".encode(), hashlib.sha512)
    secret = secret_of(chance)
    return Ticket(receipt_of(day, chance), digest_of(secret), hashlib.sha256(key.encode()).digest()), secret


def turn_of(kind: str) -> bytes:
    """Under which key turns of the present caller's address are counted."""
    return key_of(kind, request.remote_addr or "unknown", secret_key=settings().secret_key)


def known_report(receipt: str) -> UUID:
    """The report that this receipt and the secret in the header are of. Raises ReceiptUnknown, TooManyTurns.

    Wrong ones are counted, and they alone refused: many share an address, and a stranger's guesses lock nobody out.
    """
    session, act = here()
    turn = turn_of("wrong")
    with reading(session):
        row = find_by_receipt(session, receipt[:100], request.headers.get("Receipt-Secret", "")[:100])
        report = row.id if row is not None else None
        if report is None:  # before the turn is taken: a flood of guesses writes nothing
            check_turns(session, kind="wrong", key=turn, now=act.at)
    if report is None:
        perform(session, act, take_turn, kind="wrong", key=turn)
        raise ReceiptUnknown("receipt or secret is wrong")
    return report


def status_of(report: UUID) -> dict[str, Any]:
    """The report as its resident sees it now."""
    session, act = here()
    with reading(session, snapshot=True):
        return status_doc(session, own_report(session, report), now=act.at)
