"""Who calls: every route declares it, and nothing runs before it is checked.

Identity is a domain above the core, so the application hands its `authenticate` down at start (`app.extensions["linping.authenticate"]`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Literal, ParamSpec, TypeVar, cast
from uuid import UUID

from flask import current_app, g, request
from sqlalchemy.orm import Session

from backend.core import act as acts
from backend.core.act import Act, Actor
from backend.core.database.engine import db
from backend.core.perform import reading
from backend.core.problems import Forbidden, Unauthenticated

P = ParamSpec("P")
T = TypeVar("T")

TokenKind = Literal["session", "credential"]


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller: a session of a person, or the credential of one replica of a person (push and photos only)."""

    actor: Actor
    kind: TokenKind
    token_id: UUID
    replica: UUID | None = None
    must_change_password: bool = False


class PasswordChangeRequired(Forbidden):
    """A person who was imported or reset signs in once with the given password and must choose an own one."""

    slug = "password_change_required"
    title = "Choose an own password first"
    title_zh = "请先修改初始密码"
    way_out = "POST /api/v1/people/me/password with the present and a new password, then go on."
    way_out_zh = "请先通过“修改密码”设置新密码，然后继续。"


def public(view: Callable[P, T]) -> Callable[P, T]:
    """Anybody may call this route."""
    return _declared(view, "public")


def caller(
    *roles: str, kinds: tuple[TokenKind, ...] = ("session",), before_password: bool = False
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Only an authenticated caller, with one of these roles if any are named, through one of these kinds of token."""

    def declare(view: Callable[P, T]) -> Callable[P, T]:
        @wraps(view)
        def checked(*args: P.args, **kwargs: P.kwargs) -> T:
            known = _authenticated(kinds)
            if known.must_change_password and not before_password:
                raise PasswordChangeRequired("this account still has the password it was given")
            if roles and not known.actor.holds(*roles):
                raise Forbidden(f"this needs one of the roles: {', '.join(roles)}", roles=list(roles))
            return view(*args, **kwargs)

        return _declared(checked, " or ".join(kinds) + (f" of {', '.join(roles)}" if roles else ""))

    return declare


def here() -> tuple[Session, Act]:
    """The session and a new act of the present caller (the system's anonymous act on public routes)."""
    known = cast("Caller | None", g.get("caller"))
    act = acts.begin(known.actor if known else acts.Actor(None, "anonymous", "anonymous"), request_id=g.get("request_id"))
    if known:
        act.replica = known.replica
    return session(), act


def session() -> Session:
    """The database session of this request."""
    found = cast("Session", db.session())
    found.info["wake"] = current_app.extensions.get("linping.wake")
    return found


def present() -> Caller:
    """The authenticated caller of this request."""
    return cast("Caller", g.caller)


def _authenticated(kinds: tuple[TokenKind, ...]) -> Caller:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    challenge = {"WWW-Authenticate": "Bearer"}
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("no bearer token in the Authorization header", headers=challenge)
    authenticate = current_app.extensions["linping.authenticate"]
    with reading(session()) as reader:
        known: Caller | None = authenticate(reader, token.strip(), acts.begin(acts.SYSTEM).at)
    if known is None:
        raise Unauthenticated("the token is unknown, expired or revoked", headers=challenge)
    if known.kind not in kinds:
        raise Forbidden(f"this needs a {' or '.join(kinds)}, not a {known.kind}")
    g.caller = known
    return known


def _declared(view: Callable[P, T], who: str) -> Callable[P, T]:
    view.declared_caller = who  # type: ignore[attr-defined] # read by the house test that walks the URL map
    return view
