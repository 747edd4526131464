"""Push: operations in (the protocol, section 3)."""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

import orjson
from flask import Response, request
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.http.api import Blueprint
from backend.core.http.body import Body, read_lines
from backend.core.http.callers import caller, here, present
from backend.core.http.settings import settings
from backend.core.perform import perform, reading
from backend.core.problems import TooLarge, WrongMedia
from backend.domains.identity import queries as identity
from backend.domains.sync.actions.keep import Kept, keep_push
from backend.domains.sync.actions.renew import keep_credential
from backend.domains.sync.api.lines import described
from backend.domains.sync.judging.judge import judge
from backend.domains.sync.queries import kept, standing
from backend.domains.sync.rules.header import BadHeader, ForeignReplica, Header, read_header
from backend.domains.sync.rules.lines import LANES, Line, read_line
from backend.domains.sync.rules.verdicts import Verdict, shown
from backend.domains.sync.schemas import wire as schemas

NDJSON = "application/x-ndjson"

log = logging.getLogger(__name__)
blueprint = Blueprint("push", __name__, description="Operations in, changes out: what phones speak.")
blueprint.describe(described)
blueprint.describe(schemas.PatrolDoc())


@blueprint.post("/sync/ops")
@caller(kinds=("credential",))
@blueprint.doc(
    requestBody={
        "required": True,
        "description": (
            "Line 1 the header (the schema PushHeader), each further line one operation (the schema Operation), each ended by LF;"
            " Content-Encoding gzip allowed"
        ),
        "content": {NDJSON: {"schema": {"type": "string", "format": "binary"}}},
    },
)
@blueprint.refuses(BadHeader, ForeignReplica, TooLarge, WrongMedia)
@blueprint.response(200, schemas.PushAnswer())
@blueprint.alt_response(409, schema=schemas.PushAnswer(), description="replica_fork: some lines fork from what came before")
def push_operations() -> Response:
    """Keep every complete line, then judge what can be judged. One bad operation blocks no other."""
    session, act = here()
    received_at = act.at
    if request.mimetype != NDJSON:
        raise WrongMedia(f"send Content-Type: {NDJSON}")
    limits = settings()
    body = read_lines(
        request,
        body_bytes=limits.batch_body_bytes,
        inflated_bytes=limits.batch_inflated_bytes,
        lines=limits.batch_ops,
    )
    if not body.lines:
        raise BadHeader("the body has no complete line")
    header = read_header(body.lines[0])
    if header.replica != present().replica:
        raise ForeignReplica(f"the credential is not of replica {header.replica}")
    lines = _lines(body, limits.op_bytes)
    act.replica = header.replica
    found = perform(
        session,
        act,
        keep_push,
        header=header,
        lines=lines,
        broken=body.broken,
        received_at=received_at,
        as_sent=orjson.loads(body.lines[0]),
    )
    fresh = [
        kept.kept_operation(line.op, line.seq, line.data, header, received_at)
        for line in found.fresh
        if line.op is not None and line.seq is not None and line.data is not None
    ]
    act.told.clear()
    verdicts = _judged(session, act, header, fresh)
    return _push_answer(session, act, header, found, verdicts)


def _lines(body: Body, op_bytes: int) -> list[Line]:
    hashes = body.hashes()
    return [
        read_line(number, raw, size=len(raw), sha256=digest, op_bytes=op_bytes)
        for number, raw, digest in zip(body.numbers[1:], body.lines[1:], hashes[1:], strict=True)
    ]


def _judged(session: Session, act: Act, header: Header, fresh: list[kept.KeptOperation]) -> dict[UUID, Verdict]:
    """The verdicts by op. Where judging fails as a whole the operations stay received: they are kept, and the worker judges them."""
    if not fresh:
        return {}
    try:
        return {verdict.op: verdict for verdict in judge(session, act, replica=header.replica, operations=fresh)}
    except Exception:  # whatever it is: the lines are kept, and a push whose header was understood is answered
        log.exception("operations kept but not judged", extra={"replica": str(header.replica), "operations": len(fresh)})
        return {}


def _push_answer(session: Session, act: Act, header: Header, found: Kept, verdicts: dict[UUID, Verdict]) -> Response:
    with reading(session, snapshot=True):
        epoch = standing.epoch(session)
        place = standing.standing(session, header.replica)
        others = [line.op for line in found.fresh if line.op not in verdicts] + [line.op for line in found.known]
        known = kept.outcomes_of(session, [op for op in others if op is not None])
        renewal = identity.credential_due(session, present().token_id, act.at)
    results: list[dict[str, Any]] = []
    for line in found.fresh:
        assert line.op is not None, "fresh lines have an op"
        verdict = verdicts.get(line.op) or known.get(line.op)
        results.append(shown(verdict, line=line.number) if verdict else _received(line))
    for line in found.known:
        outcome = known.get(line.op) if line.op else None
        original = shown(outcome) if outcome else _received(line)
        results.append({**_bare(line), "status": "duplicate", "original": original})
    for line, lane, why in found.beside:
        problem = LANES[lane](why)
        op = None if lane in {"malformed", "too_large"} else line.op
        results.append({**_bare(line), "op": op, "status": "rejected", "code": problem.slug, "problem": problem.document()})
    results.sort(key=lambda result: result["line"])
    body = {
        "epoch": epoch,
        "server_time": act.at,
        "acked_through": place.acked_through,
        "missing": place.missing,
        "chain": {"through": place.acked_through, "hash": place.chain},
        "next_batch": settings().batch_ops,
        "retry_after_ms": None,
        "results": results,
    }
    if renewal:
        act.told.clear()
        perform(session, act, keep_credential, credential=present().token_id, days=settings().credential_days)
    return Response(orjson.dumps(body), 409 if found.forked else 200, content_type="application/json")


def _received(line: Line) -> dict[str, Any]:
    return {**_bare(line), "status": "received"}


def _bare(line: Line) -> dict[str, Any]:
    empty = dict.fromkeys(("code", "problem", "version", "at_seq", "at_corrected", "time_quality", "effects"))
    return {"op": line.op, "seq": line.seq, "line": line.number, **empty}
