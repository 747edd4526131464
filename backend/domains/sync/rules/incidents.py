"""What may be done about an incident."""

from __future__ import annotations

from backend.core.problems import Clash, Missing


class IncidentMissing(Missing):
    """No incident with this id."""

    slug = "incident_not_found"
    title = "There is no such incident"
    title_zh = "异常事件不存在"
    way_out = "GET /api/v1/sync/exceptions lists the open ones."
    way_out_zh = "可通过 GET /api/v1/sync/exceptions 查看未处理的异常事件。"


class NothingToConfirm(Clash):
    """Only an open alarm that a phone is ahead of the server is confirmed."""

    slug = "nothing_to_confirm"
    title = "Nothing to confirm here"
    title_zh = "无需确认"
    way_out = "Confirm open incidents of the kind ahead_of_server; others are closed with a reason."
    way_out_zh = "仅可确认未处理的“终端进度超前”（ahead_of_server）事件；其他事件请注明原因后关闭。"
