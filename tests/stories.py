"""Findings at each point of their story, walked there by real actions over HTTP: no state that could not have come about."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests.make.district import DIRT, District
from tests.make.phone import Phone, photo
from tests.make.pictures import picture, sha256


class Story:
    """What happens in the district, told in few words."""

    def __init__(self, district: District) -> None:
        self.district = district
        self.lin = Phone(district, "lin")
        self._pictures = iter(range(1, 100))

    def recorded(self, *, photos: int = 0, by: Phone | None = None, **d: Any) -> str:
        """A finding that a phone recorded; its photos are declared, their bytes have not come."""
        phone = by or self.lin
        declared = [photo(picture(next(self._pictures), size=(64, 48))) for _ in range(photos)]
        line = phone.record(**{"category": DIRT, "condition": 1, "photos": declared, **d})
        (result,) = phone.pushed()
        assert result["status"] in {"applied", "merged"}, result
        return str(line["e"]["id"])

    def ready(self, **d: Any) -> str:
        """A finding with a photo that the worker has found to be usable."""
        content = picture(next(self._pictures), size=(64, 48))
        finding = self.recorded(**d)
        self.lin.do("add_photo", finding, photo(content))
        (result,) = self.lin.pushed()
        assert result["status"] == "applied", result
        assert self.lin.client.put(f"/api/v1/blobs/sha256/{sha256(content)}", data=content).status_code == 201
        self.district.settle()
        return finding

    def filed(self, **d: Any) -> str:
        """A finding that Zhao filed."""
        finding = self.ready(**d)
        self.desk("zhao", finding, "filing")
        return finding

    def dispatched(self, *, dispatch: dict[str, Any] | None = None, **d: Any) -> str:
        """A finding that Sun dispatched."""
        finding = self.filed(**d)
        self.desk("sun", finding, "dispatches", **(dispatch or {}))
        return finding

    def rectified(self, *, by: str = "qian", dispatch: dict[str, Any] | None = None, **d: Any) -> str:
        """A finding that was dispatched and whose work was reported, by `by`'s unit."""
        finding = self.dispatched(dispatch=dispatch, **d)
        self.reported(finding, by=by)
        return finding

    def verified(self, *, by: str = "qian", dispatch: dict[str, Any] | None = None, **d: Any) -> str:
        """A finding whose work Wang found to be good, with photos of the work and of the look."""
        finding = self.dispatched(dispatch=dispatch, **d)
        self.proved(finding, by=by)
        return finding

    def closed(self, *, by: str = "qian", dispatch: dict[str, Any] | None = None, **d: Any) -> str:
        """A finding that Chen closed."""
        finding = self.verified(by=by, dispatch=dispatch, **d)
        self.desk("chen", finding, "closing")
        return finding

    def task(self, finding: str) -> str:
        """The id of its lead dispatch that stands."""
        (task,) = [each for each in self.seen_by("sun", finding)["dispatches"] if each["role"] == "lead" and each["replaced_by"] is None]
        return str(task["id"])

    def reported(self, finding: str, *, by: str = "qian", **d: Any) -> str:
        """The id of a report that `by` made over HTTP on its lead dispatch."""
        report = str(uuid4())
        self.desk(by, finding, "reports", **{"report": report, "dispatch": self.task(finding), "note": "done", **d})
        return report

    def looked(self, finding: str, result: str, *, report: str | None = None, by: str = "wang", **d: Any) -> dict[str, Any]:
        """The verdict of a look before closing, at this report or the only one there is."""
        self.district.person("wang", ("inspector", "330113001"))
        named = report or self.seen_by("zhao", finding)["reports"][-1]["id"]
        return self.desk(by, finding, "verifications", **{"phase": "pre_closing", "report": named, "result": result, **d})

    def proved(self, finding: str, *, by: str = "qian") -> str:
        """The id of a report that `by` made with a photo of after, and that Wang found to be good, with a photo as well."""
        report = self.reported(finding, by=by, photos=[self.usable(by, "after")])
        self.district.person("wang", ("inspector", "330113001"))
        self.looked(finding, "pass", report=report, photos=[self.usable("wang", "verification")])
        return report

    def usable(self, login: str, role: str) -> dict[str, Any]:
        """A photo to declare, whose bytes this person has delivered and the worker has found to be good."""
        content = picture(next(self._pictures), size=(64, 48))
        assert self.district.client(login).put(f"/api/v1/blobs/sha256/{sha256(content)}", data=content).status_code == 201
        self.district.settle()
        return photo(content, role=role)

    def desk(self, login: str, finding: str, verb: str, **payload: Any) -> dict[str, Any]:
        """Somebody moves it; the finding as shown to them."""
        answer = self.district.client(login).post(f"/api/v1/findings/{finding}/{verb}", json=payload)
        assert answer.status_code in {200, 201}, answer.text
        shown: dict[str, Any] = answer.json
        return shown

    def seen_by(self, login: str, finding: str) -> dict[str, Any]:
        """The finding as somebody sees it."""
        answer = self.district.client(login).get(f"/api/v1/findings/{finding}")
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json
        return shown
