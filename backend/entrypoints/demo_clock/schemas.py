"""What is sent to set the demo's clock, and as what it is shown."""

from __future__ import annotations

import datetime as dt
from typing import Any

from marshmallow import Schema, ValidationError, fields, validates


class SetDemoClock(Schema):
    """`at`: the moment it shows from now on; null: the true time. `stands`: it shows that moment until it is set again."""

    at = fields.AwareDateTime(required=True, allow_none=True, metadata={"description": "What it shows; null: the true time again"})
    stands = fields.Boolean(load_default=False, metadata={"description": "Whether it stands at that moment; else it runs on from there"})
    settle = fields.Boolean(
        load_default=True, metadata={"description": "Whether what is due by then, and what follows, is done before the answer"}
    )

    @validates("at")
    def _within_reason(self, at: dt.datetime | None, **_: Any) -> None:
        if at is not None and not 2000 <= at.year <= 2100:
            raise ValidationError("must lie between 2000 and 2100")


class DemoClockDoc(Schema):
    """How the demo's clock is set."""

    now = fields.AwareDateTime(required=True, metadata={"description": "What it shows"})
    set = fields.Boolean(required=True, metadata={"description": "false: it is the true time"})
    stands = fields.Boolean(required=True)
