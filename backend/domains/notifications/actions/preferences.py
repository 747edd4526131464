"""A person's own choices, and the e-mail address with its confirmation."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.base import table_of
from backend.core.database.engine import is_sqlite
from backend.core.database.rows import lock_row
from backend.domains.notifications.actions.notify import add_delivery
from backend.domains.notifications.model import NotificationPreference
from backend.domains.notifications.rules import kinds
from backend.domains.notifications.rules import preferences as rules
from backend.domains.notifications.rules.preferences import EmailCodeWrong


def set_preferences(session: Session, act: Act, *, payload: dict[str, Any]) -> NotificationPreference:
    """Put one's own choices in force for what is told from now on: all of them, as a whole. Raises UnknownKind."""
    kinds.check_names(payload["channels"], at="/channels", others=rules.ALL_KINDS)
    row = locked_preference(session, _own(act))
    quiet = payload["quiet"]
    chosen = {
        "language": payload["language"],
        "channels": {kind: list(dict.fromkeys(named)) for kind, named in sorted(payload["channels"].items())},
        "quiet_from": None if quiet is None else rules.minute_of(quiet["since"]),
        "quiet_until": None if quiet is None else rules.minute_of(quiet["until"]),
        "digest_at": None if payload["digest_at"] is None else rules.minute_of(payload["digest_at"]),
    }
    changed = sorted(name for name, value in chosen.items() if getattr(row, name) != value)
    for name in changed:
        setattr(row, name, chosen[name])
    if changed:
        act.tell("preferences.set", "person", row.person, fields=changed)
    return row


def set_email(session: Session, act: Act, *, address: str) -> NotificationPreference:
    """Name one's own e-mail address: a mail with a code goes there, and nothing else until it is confirmed.

    Raises EmailInvalid, TooManyMails.
    """
    address = rules.check_address(address)
    row = locked_preference(session, _own(act))
    if row.email == address and row.email_confirmed_at is not None:
        return row
    row.email_asked = [*rules.asked_lately(row.email_asked, act.at), act.at.isoformat()]
    row.email, row.email_confirmed_at, row.email_tries, row.email_token = address, None, 0, act.new_id()
    add_delivery(session, act, person=row.person, channel="email", what="confirmation")
    act.tell("email.asked", "person", row.person)
    return row


def try_code(session: Session, act: Act, *, secret_key: str, code: str) -> bool:
    """Whether this code confirms one's address, which then is; a wrong one is counted, so the caller raises after the commit."""
    row = locked_preference(session, _own(act))
    if row.email_token is None or row.email_tries >= rules.CODE_TRIES:
        raise EmailCodeWrong("no address waits for a code, or it was tried too often", errors=[("/code", "nothing waits for it")])
    if not rules.is_code(secret_key, row.email_token, code):
        row.email_tries += 1
        return False
    row.email_confirmed_at, row.email_token, row.email_tries = act.at, None, 0
    act.tell("email.confirmed", "person", row.person)
    return True


def remove_email(session: Session, act: Act) -> NotificationPreference:
    """Forget one's e-mail address: nothing is mailed any more. Safe to repeat."""
    row = locked_preference(session, _own(act))
    if row.email is not None:
        row.email = row.email_confirmed_at = row.email_token = None
        act.tell("email.removed", "person", row.person)
    return row


def locked_preference(session: Session, person: UUID) -> NotificationPreference:
    """The person's row, locked; made with the defaults where there is none, by one of two who come at once. Part of an act."""
    insert: Any = (sqlite.insert if is_sqlite(session) else postgresql.insert)(table_of(NotificationPreference))
    defaults = rules.Preferences()
    values = {
        "person": person,
        "language": rules.LANGUAGES[0],
        "channels": {},
        "quiet_from": defaults.quiet_from,
        "quiet_until": defaults.quiet_until,
        "digest_at": defaults.digest_at,
        "email_tries": 0,
        "email_asked": [],
    }
    session.execute(insert.values(values).on_conflict_do_nothing(index_elements=["person"]))
    row = lock_row(session, NotificationPreference, person)
    assert row is not None, "just made"
    return row


def _own(act: Act) -> UUID:
    assert act.actor.person is not None, "only people have preferences"
    return act.actor.person
