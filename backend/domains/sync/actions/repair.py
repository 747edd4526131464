"""Making an operation of a line that stands beside the replica's sequence."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.domains.sync.actions.decide import check_reach, get_leading, note_decision, taken_up
from backend.domains.sync.actions.keep import lock_progress
from backend.domains.sync.model import KeptLine, Push
from backend.domains.sync.queries.kept import JUDGED_LANES
from backend.domains.sync.rules.desk import BESIDE_REPAIRABLE, KEEPS_ITS_OP, ExceptionMissing, NotRepairable, TechnicalOnly
from backend.domains.sync.rules.repairing import check_authors_own, check_whole, checked, readable, repaired


def repair_line(session: Session, act: Act, *, key: str, payload: dict[str, Any], known: Mapping[tuple[str, int], str]) -> UUID:
    """Make an operation of a line that stands beside; it is to be judged next. What is not given is taken from the line.

    One that came with a good op under a seq not its own keeps that op and its bytes, so that the phone's renumbered resend is the same
    operation; of all others a new op is made. It is outside the replica's sequence and its chain. `known`: this server's operations with
    what they are on.

    Raises ExceptionMissing, OwnOperation, TechnicalOnly, NotOpen, NotRepairable, AuthorsOwn, RepairIncomplete, OutOfReach.
    """
    desk, one = taken_up(session, act, key)
    if one.about != "line":
        raise ExceptionMissing(f"{key} is no line beside")
    line, push = session.get_one(KeptLine, (one.subject, one.number)), session.get_one(Push, one.subject)
    if get_leading(session, desk, key, now=act.at) is None:
        raise TechnicalOnly("only a shift leader of its author's area makes an operation of a line")
    if line.lane not in BESIDE_REPAIRABLE:
        raise NotRepairable(f"of a line kept as {line.lane} too little is there", lane=line.lane)
    keeps = line.lane in KEEPS_ITS_OP
    if keeps and _came_again(session, line.op):
        raise NotRepairable(f"its operation {line.op} came again and is judged as such: dismiss this line", lane=line.lane, op=str(line.op))
    op, seq = line.op if keeps and line.op is not None else act.new_id(), line.seq or 0
    sent = readable(bytes(line.raw))
    data = {**repaired(sent, payload), "op": str(op), "seq": seq}
    check_authors_own(sent, data, known, torn=line.lane == "malformed")
    check_whole(data)
    check_reach(session, replace(desk, administers=False), data)
    raw = bytes(line.raw) if keeps else checked(data)
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
    if keeps:
        decision.op = op  # its bytes are the phone's: it is judged by the data of this decision
    lock_progress(session, line.replica).unjudged += 1
    act.tell("line.repaired", "line", f"{one.subject}:{one.number}", op=op, replica=line.replica, reason=payload["reason"])
    return op


def _came_again(session: Session, op: UUID | None) -> bool:
    return session.scalar(sa.select(KeptLine.op).where(KeptLine.op == op, KeptLine.lane.in_(JUDGED_LANES)).limit(1)) is not None
