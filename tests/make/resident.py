"""Somebody without an account at the public door."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests.make.district import DIRT, HOME


class Resident:
    """Somebody without an account, with one address and what the last report was answered."""

    def __init__(self, district, address: str = "203.0.113.7") -> None:
        self.district = district
        self.client = district.app.test_client()
        self.client.environ_base["REMOTE_ADDR"] = address
        self.receipt = self.secret = ""

    def send(self, **given: Any):
        """Send a report; the raw answer."""
        body = {"key": uuid4().hex, "text": "路面很脏，没人打扫", "place": place(), "category": {k: DIRT[k] for k in ("kind", "code")}}
        answer = self.client.post("/api/v1/residents/reports", json={k: v for k, v in {**body, **given}.items() if v is not None})
        if answer.status_code == 201:
            self.receipt, self.secret = answer.json["receipt"], answer.json["secret"]
        return answer

    def report(self, **given: Any) -> dict[str, Any]:
        """Send one that is taken; its status."""
        answer = self.send(**given)
        assert answer.status_code == 201, answer.text
        return answer.json["status"]

    def call(self, method: str, path: str = "", **body: Any):
        """Something with receipt and secret; the raw answer."""
        headers = {"Receipt-Secret": self.secret}
        return self.client.open(
            f"/api/v1/residents/reports/{self.receipt}{path}",
            method=method,
            headers=headers,
            json=body if method in {"POST", "PUT"} else None,
        )

    def status(self) -> dict[str, Any]:
        """How it stands."""
        answer = self.call("GET")
        assert answer.status_code == 200, answer.text
        return answer.json

    def photo(self, content: bytes):
        """Send a photo; the raw answer."""
        return self.client.post(
            f"/api/v1/residents/reports/{self.receipt}/photos",
            data=content,
            headers={"Receipt-Secret": self.secret, "Content-Type": "image/jpeg"},
            environ_overrides={"CONTENT_LENGTH": str(len(content))},
        )


def place(at=HOME, **more):
    return {"lon": at[0], "lat": at[1], "datum": "WGS-84", "accuracy_m": 12.0, **more}
