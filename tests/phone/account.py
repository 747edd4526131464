"""Who the phone is to the server: a session for what its user may see, a credential for handing work in.

The session ends after some days, or when the account is closed. The credential outlives it: work can always be handed in. Where the server
does not know the credential (it ran out, or the server was restored from a backup), the phone registers again under its old replica id.
"""

from __future__ import annotations

from typing import Any

from tests.phone.ids import uuid7
from tests.phone.store import Store
from tests.phone.wire import Answer, Refused, Wire

SCHEMA = 1


class SignInNeeded(Exception):
    """Only the user can go on: there is no valid session, and the credential is not valid either or would not do. Work stays here."""


class Forked(Exception):
    """Another phone goes on under this replica's sequence (a copied or restored store): this one must register as a new store."""


class Wiped(Exception):
    """The replica was revoked. What was unsent has been handed in, the copy is gone from this phone."""


class OtherUser(Exception):
    """A store is one user's: somebody else needs a store of their own."""


class Account:
    """The two tokens of one store, and what is asked with them."""

    def __init__(self, store: Store, wire: Wire) -> None:
        self._store = store
        self._wire = wire

    def sign_in(self, login: str, password: str) -> dict[str, Any]:
        """Open a session. The password is not kept. Returns the user. Raises OtherUser, Refused."""
        answer = self._wire.ask("POST", "/sessions", document={"login": login, "password": password})
        user: dict[str, Any] = answer["user"]
        known = self._store["user"]
        if known is not None and known["id"] != user["id"]:
            raise OtherUser(f"this store is {known['name']}'s")
        self._store["session"], self._store["user"] = answer["access_token"], user
        return user

    def register(self) -> dict[str, Any]:
        """Make this store a replica, or get a fresh credential for it. Needs the session.

        A server restored from a backup may not know the replica: it is given its old id again, so that its sequence goes on.
        Raises SignInNeeded; Forked where the server knows more of the sequence than this store has written.
        """
        asked = {
            "install_id": self._store["install_id"],
            "replica": self._store["replica"],
            "platform": "reference",
            "app_version": "1",
            "schema": SCHEMA,
        }
        try:
            answer: dict[str, Any] = self.ask("POST", "/replicas", document=asked)
        except Refused as refusal:
            if refusal.slug == "replica_taken":
                raise Forked("the replica's id has become another store's") from refusal
            raise
        if self._store["replica"] not in {None, answer["replica"]} or answer["next_seq"] > (self._store["last_seq"] or 0) + 1:
            raise Forked("the server knows a longer sequence than this store has written: it is the copy of another")
        with self._store.transaction():
            for name in ("replica", "credential", "limits"):
                self._store[name] = answer[name]
        return answer

    def ask(self, method: str, path: str, **how: Any) -> Any:
        """With the session: the JSON of the answer. Raises SignInNeeded, Refused, Broken."""
        token = self._store["session"]
        if token is None:
            raise SignInNeeded("nobody is signed in")
        try:
            return self._wire.ask(method, path, token=token, **how)
        except Refused as refusal:
            if refusal.status == 401:
                self._store["session"] = None
                raise SignInNeeded("the session has ended") from refusal
            raise

    def hand_in(self, method: str, path: str, **how: Any) -> Answer:
        """With the credential: one request, one answer. An unknown credential is replaced once. Raises SignInNeeded, Broken."""
        answer = self._wire.call(method, path, token=self._store["credential"], **how)
        if answer.status != 401:
            return answer
        self.register()
        return self._wire.call(method, path, token=self._store["credential"], **how)

    def hang_up(self) -> None:
        """The connection broke: the next request makes a new one."""
        self._wire.close()

    def begin_anew(self) -> None:
        """Be a new store: the next registration makes a new replica. Inside the caller's transaction."""
        self._store["install_id"] = str(uuid7())
        for name in ("replica", "credential", "epoch", "chain"):
            self._store[name] = None
