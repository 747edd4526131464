"""Who of the staff may see reports, and who may read a name and a phone number.

Contractors see nothing of who reported: whoever complains must not fear the one complained of. Everybody else of the area sees masks.
"""

from __future__ import annotations

from typing import Protocol

from backend.core.act import Actor
from backend.core.problems import Forbidden, Invalid, Kind, Missing, Problem

READERS = ("acceptor", "shift_leader", "dispatcher", "leader", "auditor", "town_officer", "liaison")
HANDLERS = ("acceptor", "shift_leader")
"""Take reports up, answer them, and may read the contact: they are those who call back."""
ASKERS = ("liaison", "town_officer", "acceptor", "dispatcher", "department_officer")
"""Ask for a closed finding to be opened again; communities through their liaison."""
DECIDERS = ("shift_leader", "leader")
AUDITORS = ("auditor", "audit_administrator", "security_administrator")

VIEW_REASONS: dict[str, tuple[str, str]] = {
    "call_back": ("回访或告知结果", "to call back or tell the result"),
    "find_place": ("询问具体位置", "to ask where it is"),
    "safety": ("涉及人身安全", "somebody's safety"),
    "complaint": ("处理投诉", "to deal with a complaint"),
    "law": ("依法调取", "required by law"),
}
"""Why a contact is read."""


class ReportMissing(Missing):
    """There is no such report, or none that the caller may see."""

    slug = "resident_report_not_found"
    title = "There is no such report that you may see"
    title_zh = "上报不存在或不在可见范围内"
    way_out = "GET /api/v1/resident-reports lists those of your area."
    way_out_zh = "可通过 GET /api/v1/resident-reports 查看本区域的居民上报。"


class ContactErased(Problem):
    """The contact is not kept any more: its time is over, or the resident asked for it."""

    slug = "contact_erased"
    kind = Kind.GONE
    title = "The contact was erased"
    title_zh = "联系方式已删除"
    way_out = "Answer through the report: the resident reads it with the receipt."
    way_out_zh = "请通过答复告知，居民可凭回执查看。"


class NoContact(Missing):
    """The resident gave none."""

    slug = "no_contact"
    title = "No contact was given"
    title_zh = "未留联系方式"
    way_out = "Answer through the report: the resident reads it with the receipt."
    way_out_zh = "请通过答复告知，居民可凭回执查看。"


class ConsentNeeded(Invalid):
    """A name or phone number without the consent to keep it (Personal Information Protection Law, articles 13 and 14)."""

    slug = "consent_needed"
    title = "Consent to keep the contact is needed"
    title_zh = "保存联系方式须经本人同意"
    way_out = "Send `consent: true` once the resident agreed, or leave name and phone out: a report needs neither."
    way_out_zh = "经本人同意后请发送 consent: true；也可不填姓名和电话，不影响上报。"


class NotYourReport(Forbidden):
    """The caller may see the report but holds no role for this."""

    slug = "not_your_report"
    title = "Your roles do not allow this here"
    title_zh = "您的角色无权办理"
    way_out = "Ask an acceptor or shift leader of the area."
    way_out_zh = "请由该区域的受理员或值班长办理。"


class Placed(Protocol):
    """Where a report is, as far as that is known."""

    @property
    def district(self) -> str: ...
    @property
    def town(self) -> str | None: ...
    @property
    def community(self) -> str | None: ...


def covers(actor: Actor, report: Placed, roles: tuple[str, ...]) -> bool:
    """Whether one of these roles is held for the area of the report. One without a place is the district's."""
    areas = {report.district, report.town, report.community}
    return any(grant.area in areas for grant in actor.grants_of(*roles) if grant.area)


def areas_of(actor: Actor) -> list[str]:
    """The codes of the areas whose reports the actor may see."""
    return sorted({grant.area for grant in actor.grants_of(*READERS) if grant.area})


def check_reads(actor: Actor, report: Placed | None) -> None:
    """Raises ReportMissing, alike for what is not there and what is not the actor's to see."""
    if report is None or not covers(actor, report, READERS):
        raise ReportMissing("there is no such report that you may see")


def check_handles(actor: Actor, report: Placed) -> None:
    """Raises NotYourReport."""
    if not covers(actor, report, HANDLERS):
        raise NotYourReport(f"this is for {', '.join(HANDLERS)} of the area", roles=list(HANDLERS))
