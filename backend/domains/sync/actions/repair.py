"""Making an operation of a line that stands beside the replica's sequence."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.domains.sync.actions.decide import get_leading, note_decision, taken_up
from backend.domains.sync.actions.keep import lock_progress
from backend.domains.sync.model import KeptLine, Push
from backend.domains.sync.rules.desk import BESIDE_REPAIRABLE, ExceptionMissing, NotRepairable, TechnicalOnly
from backend.domains.sync.rules.repairing import checked, readable, repaired


def repair_line(session: Session, act: Act, *, key: str, payload: dict[str, Any]) -> UUID:
    """Make an operation of a line that stands beside, under a new op id; it is to be judged next. What is not given is taken from the line.

    It is outside the replica's sequence and its chain. Raises ExceptionMissing, OwnOperation, TechnicalOnly, NotOpen, NotRepairable.
    """
    desk, one = taken_up(session, act, key)
    if one.about != "line":
        raise ExceptionMissing(f"{key} is no line beside")
    line, push = session.get_one(KeptLine, (one.subject, one.number)), session.get_one(Push, one.subject)
    if get_leading(session, desk, key, now=act.at) is None:
        raise TechnicalOnly("only a shift leader of its author's area makes an operation of a line")
    if line.lane not in BESIDE_REPAIRABLE:
        raise NotRepairable(f"of a line kept as {line.lane} too little is there", lane=line.lane)
    op, seq = act.new_id(), line.seq or 0
    data = {**repaired(readable(bytes(line.raw)), payload), "op": str(op), "seq": seq}
    raw = checked(data)
    kept = Push(id=act.new_id(), replica=line.replica, received_at=push.received_at, header=push.header, lines=1, broken=False)
    session.add(kept)
    session.flush()
    session.add(
        KeptLine(
            push=kept.id,
            line=2,
            replica=line.replica,
            lane="desk",
            seq=line.seq,
            op=op,
            again=False,
            sha256=hashlib.sha256(raw).digest(),
            raw=raw,
        )
    )
    decision = note_decision(session, act, "line", one.subject, one.number, "repaired", payload["reason"])
    decision.data, decision.made = data, op
    lock_progress(session, line.replica).unjudged += 1
    act.tell("line.repaired", "line", f"{one.subject}:{one.number}", op=op, replica=line.replica, reason=payload["reason"])
    return op
