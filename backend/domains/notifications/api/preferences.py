"""One's own choices, and the e-mail address."""

from __future__ import annotations

from typing import Any

from backend.core.http.callers import caller, here
from backend.core.http.settings import settings
from backend.core.perform import perform, reading
from backend.domains.notifications.actions import preferences as actions
from backend.domains.notifications.api.inbox import blueprint
from backend.domains.notifications.queries.preferences import find_preference, preference_doc
from backend.domains.notifications.rules.kinds import UnknownKind
from backend.domains.notifications.rules.preferences import EmailCodeWrong, EmailInvalid, EmailUnavailable, TooManyMails
from backend.domains.notifications.schemas import ConfirmEmail, PreferencesDoc, SetEmail, SetPreferences


@blueprint.get("/people/me/notifications")
@caller()
@blueprint.response(200, PreferencesDoc())
def get_preferences() -> dict[str, Any]:
    """One's choices; the defaults where nothing was chosen."""
    return _shown()


@blueprint.put("/people/me/notifications")
@caller()
@blueprint.refuses(UnknownKind)
@blueprint.arguments(SetPreferences())
@blueprint.response(200, PreferencesDoc())
def set_preferences(payload: dict[str, Any]) -> dict[str, Any]:
    """Choose, for what is told from now on."""
    session, act = here()
    return preference_doc(perform(session, act, actions.set_preferences, payload=payload))


@blueprint.put("/people/me/email")
@caller()
@blueprint.refuses(EmailInvalid, EmailUnavailable, TooManyMails)
@blueprint.arguments(SetEmail())
@blueprint.response(200, PreferencesDoc())
def set_email(payload: dict[str, Any]) -> dict[str, Any]:
    """Name one's e-mail address: a mail with a code goes there."""
    if not settings().smtp_url:
        raise EmailUnavailable("this installation has no mail server")
    session, act = here()
    return preference_doc(perform(session, act, actions.set_email, address=payload["email"]))


@blueprint.post("/people/me/email/confirmation")
@caller()
@blueprint.refuses(EmailCodeWrong)
@blueprint.arguments(ConfirmEmail())
@blueprint.response(200, PreferencesDoc())
def confirm_email(payload: dict[str, Any]) -> dict[str, Any]:
    """Confirm the address with the code that was mailed there."""
    session, act = here()
    if not perform(session, act, actions.try_code, secret_key=settings().secret_key, code=payload["code"]):
        raise EmailCodeWrong("this is not the code of the newest mail", errors=[("/code", "not the code")])
    return _shown()


@blueprint.delete("/people/me/email")
@caller()
@blueprint.response(200, PreferencesDoc())
def remove_email() -> dict[str, Any]:
    """Forget one's e-mail address."""
    session, act = here()
    return preference_doc(perform(session, act, actions.remove_email))


def _shown() -> dict[str, Any]:
    session, act = here()
    assert act.actor.person is not None, "callers are people"
    with reading(session):
        return preference_doc(find_preference(session, act.actor.person))
