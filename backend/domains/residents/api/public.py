"""The public door: report, ask how it stands, write, withdraw, rate, say that it is not mended. Nobody signs in."""

from __future__ import annotations

from typing import Any

from flask import Response

from backend.core.http.callers import here, public
from backend.core.http.settings import settings
from backend.core.perform import perform, reading
from backend.core.problems import Invalid
from backend.domains.catalog import queries as catalog
from backend.domains.residents.actions import intake, reopening, resident
from backend.domains.residents.actions.turns import take_turn
from backend.domains.residents.api.door import SECRET, blueprint, known_report, status_of, ticket_for, turn_of
from backend.domains.residents.queries.nearby import known_nearby
from backend.domains.residents.rules.receipts import DoorCrowded, NotNow, ReceiptUnknown, TooManyTurns
from backend.domains.residents.rules.status import ReopeningPending, TooLateToReopen
from backend.domains.residents.schemas import public as schemas
from backend.domains.territory.rules.datums import DatumUnknown, PlaceAbsurd


@blueprint.get("/residents/categories")
@public
@blueprint.response(200, schemas.PublicCategories())
def list_public_categories() -> dict[str, Any]:
    """What can be reported, by name. A report may leave its category to the desk."""
    session, act = here()
    with reading(session):
        held = catalog.catalogue(session)
        edition = held.edition_at(act.at)
        found = held.categories(edition.number) if edition else []
        return {
            "items": [
                {
                    "kind": each.kind,
                    "code": each.code,
                    "name": {"zh": each.name_zh, "en": each.name_en},
                    "group": {"zh": each.class_zh, "en": each.class_en},
                }
                for each in found
            ]
        }


@blueprint.get("/residents/nearby")
@public
@blueprint.arguments(schemas.FindNearby(), location="query")
@blueprint.refuses(PlaceAbsurd, DatumUnknown, TooManyTurns)
@blueprint.response(200, schemas.KnownNearbyList())
def list_known_nearby(query: dict[str, Any]) -> dict[str, Any]:
    """What of the kind is being dealt with near a place: shown before a report is sent, which may still be."""
    session, act = here()
    perform(session, act, take_turn, kind="look", key=turn_of("look"))
    with reading(session):
        return {"items": known_nearby(session, place=query)}


@blueprint.post("/residents/reports")
@public
@blueprint.arguments(schemas.SubmitReport())
@blueprint.refuses(*intake.REFUSED, TooManyTurns, DoorCrowded)
@blueprint.response(201, schemas.ReportReceipt())
def submit_report(payload: dict[str, Any]) -> dict[str, Any]:
    """Report something: the answer holds a receipt and a secret, to be kept. Photos follow one by one.

    Sent again with the same key and content it is the same report, and has the same receipt and secret.
    """
    if payload["place"] is None and payload["address"] is None:
        raise Invalid("say where it is", errors=[("/place", "a place or an address is needed"), ("/address", "or this")])
    session, act = here()
    ticket, secret = ticket_for(payload.pop("key"))
    most = settings().resident_reports_hour
    row = perform(session, act, intake.submit_report, payload=payload, ticket=ticket, turn=turn_of("report"), most=most)
    return {"receipt": row.receipt, "secret": secret, "status": status_of(row.id)}


@blueprint.get("/residents/reports/<receipt>")
@public
@blueprint.refuses(ReceiptUnknown, TooManyTurns)
@blueprint.doc(parameters=[SECRET])
@blueprint.response(200, schemas.ReportStatus())
def get_report_status(receipt: str) -> dict[str, Any]:
    """How a report stands, in Chinese and English."""
    return status_of(known_report(receipt))


@blueprint.post("/residents/reports/<receipt>/messages")
@public
@blueprint.arguments(schemas.WriteReportMessage())
@blueprint.refuses(ReceiptUnknown, TooManyTurns, NotNow)
@blueprint.doc(parameters=[SECRET])
@blueprint.response(201, schemas.ReportStatus())
def write_report_message(payload: dict[str, Any], receipt: str) -> dict[str, Any]:
    """A word to the desk, which owes an answer from then on."""
    return _do(resident.write_message, receipt, payload=payload)


@blueprint.post("/residents/reports/<receipt>/withdrawal")
@public
@blueprint.arguments(schemas.WithdrawReport())
@blueprint.refuses(ReceiptUnknown, TooManyTurns, NotNow)
@blueprint.doc(parameters=[SECRET])
@blueprint.response(200, schemas.ReportStatus())
def withdraw_report(payload: dict[str, Any], receipt: str) -> dict[str, Any]:
    """Take the report back; once work on it has begun, the desk decides."""
    return _do(resident.withdraw_report, receipt, payload=payload)


@blueprint.put("/residents/reports/<receipt>/rating")
@public
@blueprint.arguments(schemas.RateReport())
@blueprint.refuses(ReceiptUnknown, TooManyTurns, NotNow)
@blueprint.doc(parameters=[SECRET])
@blueprint.response(200, schemas.ReportStatus())
def rate_report(payload: dict[str, Any], receipt: str) -> dict[str, Any]:
    """One to five, once it has ended."""
    return _do(resident.rate_report, receipt, payload=payload)


@blueprint.post("/residents/reports/<receipt>/reopening-request")
@public
@blueprint.arguments(schemas.AskReopening())
@blueprint.refuses(ReceiptUnknown, TooManyTurns, NotNow, ReopeningPending, TooLateToReopen)
@blueprint.doc(parameters=[SECRET])
@blueprint.response(201, schemas.ReportStatus())
def ask_reopening(payload: dict[str, Any], receipt: str) -> dict[str, Any]:
    """It was closed and is not mended: a shift leader decides whether it is opened again, and answers."""
    return _do(reopening.ask_reopening, receipt, payload=payload)


@blueprint.delete("/residents/reports/<receipt>/contact")
@public
@blueprint.refuses(ReceiptUnknown, TooManyTurns)
@blueprint.doc(parameters=[SECRET])
@blueprint.response(200, schemas.ReportStatus())
def forget_contact(receipt: str) -> dict[str, Any]:
    """Have name, phone number and the text as it was sent erased now; the report goes on."""
    return _do(resident.forget_contact, receipt)


@blueprint.after_request
def _kept_nowhere(response: Response) -> Response:
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _do(action: Any, receipt: str, **facts: Any) -> dict[str, Any]:
    report = known_report(receipt)
    session, act = here()
    perform(session, act, action, report=report, turn=turn_of("word"), **facts)
    return status_of(report)
