"""How people ask: each signed in with an own session over one connection, and the demo's clock."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from tests.phone.clock import LOCAL, Moment
from tests.phone.wire import Answer, Refused, Wire

DEMO = ("zhao", "chen", "sun", "qian", "ma", "feng", "li", "yu", "admin", "gu", "tang", "shen")
DEMO_PASSWORD = "linping-demo"  # noqa: S105 - the demo's own, shown on its front page
PASSWORD = "a-month-in-linping"  # noqa: S105 - what everybody else of the month chooses


def password_of(login: str) -> str:
    """What somebody signs in with."""
    return DEMO_PASSWORD if login in DEMO else PASSWORD


class Office:
    """Everybody who works through pages or programs. `answers` counts statuses, `faults` keeps what nobody expected."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._wire = Wire(url, timeout_s=300)
        self._sessions: dict[str, str] = {}
        self.people: dict[str, str] = {}
        self.answers: Counter[int] = Counter()
        self.faults: list[str] = []

    def sign_in(self, login: str, password: str | None = None) -> str:
        """Open a session; who that is, is remembered."""
        document = {"login": login, "password": password or password_of(login)}
        answer = self._wire.ask("POST", "/sessions", document=document)
        self.people[login] = answer["user"]["id"]
        token = self._sessions[login] = str(answer["access_token"])
        return token

    def ask(self, login: str, method: str, path: str, document: object = None, *, refused: str | None = None, **how: Any) -> Any:
        """What somebody is answered. `refused`: the slug of the problem that is expected. Raises Refused for another refusal."""
        answer = self.call(login, method, path, document, **how)
        found = answer.json() if answer.body else None
        if refused is not None:
            slug = Refused(answer).slug if answer.status >= 400 else f"{answer.status}"
            if slug != refused:
                self.faults.append(f"{login} {method} {path}: expected {refused}, got {slug}")
            return found
        if answer.status >= 400:
            raise Refused(answer)
        return found

    def person(self, login: str) -> str:
        """The id of somebody."""
        if login not in self.people:
            self.sign_in(login)
        return self.people[login]

    def call(self, login: str, method: str, path: str, document: object = None, **how: Any) -> Answer:
        """The answer, whatever its status; a session that has ended is opened anew."""
        token = self._sessions.get(login) or self.sign_in(login)
        answer = self._wire.call(method, path, token=token, document=document, **how)
        if answer.status == 401:
            answer = self._wire.call(method, path, token=self.sign_in(login), document=document, **how)
        self.answers[answer.status] += 1
        if answer.status >= 500:
            self.faults.append(f"{login} {method} {path}: {answer.status} {answer.body[:300]!r}")
        return answer

    def as_resident(self, method: str, path: str, document: object = None, *, secret: str = "", body: bytes | None = None) -> Any:
        """What somebody without an account is answered, with the secret of the receipt. Raises Refused."""
        headers = {"Receipt-Secret": secret} if secret else {}
        if body is not None:
            headers["Content-Type"] = "image/jpeg"
        answer = self._wire.call(method, f"/residents/reports{path}", document=document, body=body, headers=headers)
        self.answers[answer.status] += 1
        if answer.status >= 400:
            raise Refused(answer)
        return answer.json() if answer.body else None

    def pages(self, login: str, path: str) -> Iterator[dict[str, Any]]:
        """All items of a list."""
        cursor = ""
        while True:
            page = self.ask(login, "GET", f"{path}{'&' if '?' in path else '?'}limit=200{cursor}")
            yield from page["items"]
            if page["next"] is None:
                return
            cursor = f"&cursor={quote(page['next'])}"

    def close(self) -> None:
        """End the connection."""
        self._wire.close()


class MonthClock:
    """The demo's clock, as an administrator sets it, and as the phones of the month show it."""

    def __init__(self, office: Office, begins: dt.datetime) -> None:
        self._office = office
        self._begins = begins
        self.at = begins

    def go_to(self, at: dt.datetime, *, settle: bool = True) -> None:
        """Set it. What is due by then, and what follows, is done when this returns, unless it is left for later."""
        self.at = at
        self._office.ask("admin", "PUT", "/demo/clock", {"at": at.isoformat(), "stands": True, "settle": settle})

    def settle(self) -> None:
        """Have what is due done, and what follows from it."""
        self.go_to(self.at)

    def now(self) -> Moment:
        """What a phone's clocks show: true, and since one boot before the month."""
        return Moment(self.at.astimezone(LOCAL), "month", (self.at - self._begins) // dt.timedelta(milliseconds=1) + 60_000)
