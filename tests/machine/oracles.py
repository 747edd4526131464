"""What must hold once everything has come to rest, whatever happened before: each oracle gives its violations in words.

I1 to I7 are looked at by the product's own `flask sync verify`. Beside it, independently of the product's code, in plain SQL: what was
saved on a phone is kept, has one outcome, and was done once. And what every phone shows is what the server would show a new one.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from tests.machine.world import Pocket, World
from tests.make.people import PASSWORD
from tests.make.server import Server
from tests.phone.phone import Phone


def violations(world: World, folder: Path) -> list[str]:
    """Everything that does not hold."""
    found = [*world.violations, *answers_that_were_faults(world), *verified(world.server)]
    engine = sa.create_engine(world.server.database_url)
    try:
        with engine.connect() as connection:
            found += sequences(connection)
            found += outcomes(connection, world)
            found += findings(connection)
            found += photos(connection, world)
    finally:
        engine.dispose()
    for pocket in world.pockets:
        found += mirror(world, pocket, folder)
    return found


def answers_that_were_faults(world: World) -> Iterator[str]:
    """No answer is a fault of the server; one that is killed does not answer at all."""
    for passed in world.line.log:
        for status in passed.statuses:
            if status >= 500 and status != 503:
                yield f"{passed.request.method} {passed.request.path} was answered {status}"


def verified(server: Server) -> list[str]:
    """What `flask sync verify` says of I1 to I7, the replay into an empty database among them."""
    answer = server.flask("sync", "verify", "--settled", check=False)
    return [] if answer.returncode == 0 else [f"sync verify: {answer.stdout[-2000:]} {answer.stderr[-2000:]}"]


def sequences(connection: sa.Connection) -> Iterator[str]:
    """I1: the kept seqs of each replica are 1 to the highest, less explained voids."""
    kept: dict[str, set[int]] = {}
    for replica, seq in connection.execute(sa.text("SELECT replica, seq FROM kept_line WHERE lane = 'main'")):
        kept.setdefault(_key(replica), set()).add(seq)
    for replica, seq in connection.execute(sa.text("SELECT replica, seq FROM voided_seq")):
        kept.setdefault(_key(replica), set()).add(seq)
    for replica, seqs in kept.items():
        if gaps := sorted(set(range(1, max(seqs) + 1)) - seqs):
            yield f"I1: replica {replica} has holes {gaps[:5]}"


def outcomes(connection: sa.Connection, world: World) -> Iterator[str]:
    """I2, and nothing is lost: what a phone saved is kept and judged; what still waits says for what."""
    statuses = {_key(op): status for op, status in connection.execute(sa.text("SELECT op, status FROM outcome"))}
    kept = {_key(op) for (op,) in connection.execute(sa.text("SELECT DISTINCT op FROM kept_line WHERE lane = 'main'"))}
    if lost := {_key(op) for op in world.made} - kept:
        yield f"lost: {len(lost)} operations were saved on a phone and are not kept: {sorted(lost)[:3]}"
    if bare := kept - statuses.keys():
        yield f"I2: {len(bare)} kept operations have no outcome: {sorted(bare)[:3]}"
    if left := [op for op, status in statuses.items() if status == "received"]:
        yield f"I2: {len(left)} operations are still not judged: {left[:3]}"
    for pocket in world.pockets:
        for outcome in pocket.phone.outbox.outcomes():
            if not outcome.arrived:
                yield f"{pocket.login}: {outcome.op} did not arrive"
            elif statuses.get(_key(outcome.op)) != outcome.status:
                yield f"{pocket.login}: {outcome.op} is {statuses.get(_key(outcome.op))}, its phone was told {outcome.status}"


def findings(connection: sa.Connection) -> Iterator[str]:
    """I3, and nothing doubled: an applied record made one finding, told once; a finding came from one record."""
    made = sa.text("SELECT entity FROM outcome WHERE verb = 'record_finding' AND status IN ('applied', 'merged')")
    recorded = Counter(_key(entity) for (entity,) in connection.execute(made))
    present = {_key(finding) for (finding,) in connection.execute(sa.text("SELECT id FROM finding"))}
    told = Counter(_key(s) for (s,) in connection.execute(sa.text("SELECT subject FROM journal_entry WHERE event = 'finding.recorded'")))
    if recorded.keys() != present:
        yield f"I3: {len(recorded.keys() ^ present)} findings without a record, or records without a finding"
    for name, counted in (("records", recorded), ("entries in the journal", told)):
        if doubled := [finding for finding, number in counted.items() if number > 1]:
            yield f"doubled: findings of more than one of {name}: {doubled[:3]}"
    events = sa.text(
        "SELECT op, subject, event, count(*) FROM journal_entry WHERE op IS NOT NULL GROUP BY op, subject, event HAVING count(*) > 1"
    )
    for op, subject, event, number in connection.execute(events):
        if not event.startswith("operation."):  # an outcome that changes is told each time
            yield f"I3: {op} told {event} of {subject} {number} times"
    numbers = sa.text("SELECT number FROM finding GROUP BY number HAVING count(*) > 1")
    for (number,) in connection.execute(numbers):
        yield f"doubled: the number {number} is given twice"


def photos(connection: sa.Connection, world: World) -> Iterator[str]:
    """I5: what a phone that is still there calls stored, the server has."""
    blobs = {_hex(sha256) for (sha256,) in connection.execute(sa.text("SELECT sha256 FROM blob"))}
    for pocket in world.pockets:
        rows = pocket.phone.store.sql.execute("SELECT sha256, state FROM photo").fetchall()
        if lost := [row["sha256"] for row in rows if row["state"] == "stored" and row["sha256"] not in blobs]:
            yield f"I5: {pocket.login}: the server said it stored {lost[:3]}, and does not have them"
        if waiting := [row["sha256"] for row in rows if row["state"] != "stored"]:
            yield f"I5: {pocket.login}: {len(waiting)} photos were not delivered"


def mirror(world: World, pocket: Pocket, folder: Path) -> Iterator[str]:
    """The phone shows what a new phone of the same person is given, but for documents that its own unsettled work keeps there."""
    fresh = Phone(folder / f"fresh-{pocket.folder.name}", world.server.url)
    try:
        fresh.sign_in(pocket.login, PASSWORD)
        fresh.register()
        fresh.pull(limit=50)
        if differing := pocket.phone.pull(check=True).resync:
            yield f"{pocket.login}: digests of {differing} differ"
        theirs, ours = _docs(fresh), _docs(pocket.phone)
    finally:
        fresh.close()
    unsettled = {outcome.entity for outcome in pocket.phone.outbox.outcomes() if outcome.status in {"deferred", "received"}}
    for key in theirs.keys() | ours.keys():
        if theirs.get(key) != ours.get(key) and not (key not in theirs and key[1] in unsettled):
            where = "is only with the server" if key not in ours else "is only on the phone" if key not in theirs else "differs"
            yield f"{pocket.login}: {key[0]} {key[1]} {where}{_difference(ours.get(key), theirs.get(key))}"


def _docs(phone: Phone) -> dict[tuple[str, str], dict[str, Any]]:
    rows = phone.store.sql.execute("SELECT DISTINCT type FROM doc").fetchall()
    return {(row["type"], key): doc for row in rows for key, doc in phone.mirror.docs(row["type"]).items()}


def _difference(ours: dict[str, Any] | None, theirs: dict[str, Any] | None) -> str:
    if ours is None or theirs is None:
        return ""
    names = [name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)]
    return f" in {json.dumps({name: [ours.get(name), theirs.get(name)] for name in names}, ensure_ascii=False, default=str)[:600]}"


def _key(value: Any) -> str:
    """A UUID as text, however this database keeps it."""
    return str(value if isinstance(value, UUID) else UUID(bytes=value) if isinstance(value, bytes) else UUID(str(value)))


def _hex(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
