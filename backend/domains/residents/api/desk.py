"""The desk's door to reports: lists, taking up, dismissing, answering, calls, contacts and who read them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.core.http.callers import caller, here
from backend.core.perform import perform, reading
from backend.core.problems import Invalid
from backend.domains.residents.actions import contact, intake, triage
from backend.domains.residents.api.door import blueprint, status_of, ticket_for
from backend.domains.residents.queries.desk import list_views, report_docs
from backend.domains.residents.queries.reports import count_todo, get_report, list_reports
from backend.domains.residents.rules.access import AUDITORS, HANDLERS, READERS, ContactErased, NotYourReport
from backend.domains.residents.rules.intake import ReportNotOpen
from backend.domains.residents.schemas import desk as schemas


@blueprint.get("/resident-reports")
@caller(*READERS)
@blueprint.arguments(schemas.ListResidentReports(), location="query")
@blueprint.response(200, schemas.ResidentReportPage())
def list_resident_reports(query: dict[str, Any]) -> dict[str, Any]:
    """Reports of the caller's areas, with what the desk owes counted. Contacts are masked."""
    session, act = here()
    with reading(session, snapshot=True):
        rows, next_ = list_reports(session, act.actor, filters=query)
        return {"items": report_docs(session, rows), "todo": count_todo(session, act.actor), "next": next_}


@blueprint.get("/resident-reports/<uuid:report>")
@caller(*READERS)
@blueprint.response(200, schemas.ResidentReportDoc())
def get_resident_report(report: UUID) -> dict[str, Any]:
    """One report, its contact masked."""
    return _shown(report)


@blueprint.post("/resident-reports")
@caller(*HANDLERS)
@blueprint.arguments(schemas.RecordCall())
@blueprint.refuses(*intake.REFUSED)
@blueprint.response(201, schemas.CallReceipt())
def record_call(payload: dict[str, Any]) -> dict[str, Any]:
    """Write down what a caller says; the caller is told receipt and secret. With category and place it is a finding at once."""
    if payload["place"] is None and payload["address"] is None:
        raise Invalid("say where it is", errors=[("/place", "a place or an address is needed"), ("/address", "or this")])
    session, act = here()
    ticket, secret = ticket_for(f"{act.actor.person} {payload.pop('key')}")
    row = perform(session, act, intake.record_call, payload=payload, ticket=ticket)
    return {"receipt": row.receipt, "secret": secret, "status": status_of(row.id), "report": _shown(row.id)}


@blueprint.post("/resident-reports/<uuid:report>/finding")
@caller(*HANDLERS)
@blueprint.arguments(schemas.TakeUpReport())
@blueprint.refuses(ReportNotOpen, NotYourReport, *intake.REFUSED)
@blueprint.response(201, schemas.ResidentReportDoc())
def take_up_report(payload: dict[str, Any], report: UUID) -> dict[str, Any]:
    """Make a finding of it."""
    session, act = here()
    perform(session, act, triage.take_up_report, report=report, payload=payload)
    return _shown(report)


@blueprint.post("/resident-reports/<uuid:report>/dismissal")
@caller(*HANDLERS)
@blueprint.arguments(schemas.DismissReport())
@blueprint.refuses(ReportNotOpen, NotYourReport)
@blueprint.response(200, schemas.ResidentReportDoc())
def dismiss_report(payload: dict[str, Any], report: UUID) -> dict[str, Any]:
    """It becomes no finding: say why, and answer."""
    session, act = here()
    perform(session, act, triage.dismiss_report, report=report, payload=payload)
    return _shown(report)


@blueprint.post("/resident-reports/<uuid:report>/replies")
@caller(*HANDLERS)
@blueprint.arguments(schemas.ReplyToReport())
@blueprint.refuses(NotYourReport)
@blueprint.response(201, schemas.ResidentReportDoc())
def reply_to_report(payload: dict[str, Any], report: UUID) -> dict[str, Any]:
    """Tell the resident something."""
    session, act = here()
    perform(session, act, triage.reply_to_report, report=report, payload=payload)
    return _shown(report)


@blueprint.post("/resident-reports/<uuid:report>/contact-views")
@caller(*HANDLERS)
@blueprint.arguments(schemas.ViewContact())
@blueprint.refuses(NotYourReport, ContactErased)
@blueprint.response(200, schemas.ContactDoc())
def view_contact(payload: dict[str, Any], report: UUID) -> dict[str, Any]:
    """Read name and phone number unmasked. Who, when and why is kept in the journal and shown to those who audit."""
    session, act = here()
    return perform(session, act, contact.view_contact, report=report, payload=payload)


@blueprint.get("/contact-views")
@caller(*AUDITORS)
@blueprint.arguments(schemas.ListContactViews(), location="query")
@blueprint.response(200, schemas.ContactViewPage())
def list_contact_views(query: dict[str, Any]) -> dict[str, Any]:
    """Who read which contact, when and why; the last first."""
    session, _ = here()
    with reading(session):
        return list_views(session, **query)


def _shown(report: UUID) -> dict[str, Any]:
    session, act = here()
    with reading(session, snapshot=True):
        return report_docs(session, [get_report(session, report, act.actor)])[0]
