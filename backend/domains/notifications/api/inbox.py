"""One's own inbox."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.core import cursors
from backend.core.http.api import Blueprint
from backend.core.http.callers import caller, here, present
from backend.core.perform import perform, reading
from backend.domains.notifications.actions import inbox as actions
from backend.domains.notifications.queries import inbox as queries
from backend.domains.notifications.rules.kinds import all_kinds
from backend.domains.notifications.schemas import ListMessages, MessageDoc, MessageKindsList, MessagesPage, MessagesRead, ReadMessages

blueprint = Blueprint("notifications", __name__, description="One's messages, how they come, and webhooks")
blueprints = [blueprint]


@blueprint.get("/messages")
@caller()
@blueprint.arguments(ListMessages(), location="query")
@blueprint.response(200, MessagesPage())
def list_messages(query: dict[str, Any]) -> dict[str, Any]:
    """The inbox, the newest first, and how much of it is not read."""
    session, _ = here()
    limit = query["limit"]
    after = cursors.unpack("messages", query["cursor"], cursors.moment, cursors.key)
    with reading(session):
        rows = queries.list_messages(session, _me(), limit=limit + 1, after=after, unread=query["unread"])
        return {
            "items": [queries.message_doc(row) for row in rows[:limit]],
            "unread": queries.count_unread(session, _me()),
            "next": cursors.pack("messages", rows[limit - 1].at.isoformat(), str(rows[limit - 1].id)) if len(rows) > limit else None,
        }


@blueprint.get("/messages/<uuid:message>")
@caller()
@blueprint.response(200, MessageDoc())
def get_message(message: UUID) -> dict[str, Any]:
    """A message of the inbox."""
    session, _ = here()
    with reading(session):
        return queries.message_doc(queries.get_message(session, _me(), message))


@blueprint.post("/messages/<uuid:message>/reading")
@caller()
@blueprint.response(200, MessageDoc())
def read_message(message: UUID) -> dict[str, Any]:
    """Mark it as read."""
    session, act = here()
    return queries.message_doc(perform(session, act, actions.read_message, message=message))


@blueprint.post("/messages/reading")
@caller()
@blueprint.arguments(ReadMessages())
@blueprint.response(200, MessagesRead())
def read_messages(payload: dict[str, Any]) -> dict[str, int]:
    """Mark all as read, or all up to one."""
    session, act = here()
    marked = perform(session, act, actions.read_messages, through=payload["through"])
    with reading(session):
        return {"marked": marked, "unread": queries.count_unread(session, _me())}


@blueprint.get("/message-kinds")
@caller()
@blueprint.response(200, MessageKindsList())
def list_message_kinds() -> dict[str, Any]:
    """What kinds of message there are, and by which channels they come unless chosen otherwise."""
    return {
        "items": [
            {"name": kind.name, "title": kind.title.en, "title_zh": kind.title.zh, "urgent": kind.urgent, "channels": list(kind.channels)}
            for kind in all_kinds()
        ]
    }


def _me() -> UUID:
    person = present().actor.person
    assert person is not None, "callers are people"
    return person
