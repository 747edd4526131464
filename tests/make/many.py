"""Many findings at every point of their life, written straight into the tables: for query plans and benches, never for behaviour.

`plant` makes some thousands with all that worklists and searches read; `multiply` copies them within the database, to millions in seconds.
Far more of them are open than in any district, so that no list is short.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from backend.core.database.base import Base
from backend.domains.findings.rules.grams import folded, grams_of, scope_grams
from backend.domains.findings.rules.steps import STEP_OF

Row = dict[str, Any]
_CHUNK = 2_000
_STATES = {
    "recorded": 12,
    "verifying": 3,
    "filed": 6,
    "dispatched": 20,
    "rectified": 5,
    "verified": 5,
    "self_resolved": 3,
    "appealed": 3,
    "closed": 35,
    "void": 5,
    "attached": 2,
    "withdrawn": 1,
}
_WORK = {"issued": 60, "rework": 10, "suspended": 12, "returned": 12}
_WORDS = ("路灯不亮", "井盖破损", "垃圾满溢", "占道经营", "绿化带缺株", "路面坑洼", "护栏松动", "乱张贴", "污水外溢", "共享单车乱停")
_STREETS = ("东湖中路", "藕花洲大街", "迎宾路", "人民大道", "星光街", "望梅路", "南苑街", "新天街", "邱山大街", "超山路")
TABLES = ("finding", "photo", "dispatch", "dispatch_request", "finding_text")


@dataclass(frozen=True, slots=True)
class Ground:
    """What there is in the district: grids (15 digits), contractors and departments, and who records."""

    grids: Sequence[str]
    contractors: Sequence[UUID]
    departments: Sequence[UUID]
    recorders: Sequence[UUID]

    @classmethod
    def of(cls, connection: sa.Connection) -> Ground:
        """As the database has it."""
        tables = Base.metadata.tables
        area, unit, held = tables["area"], tables["unit"], tables["role_held"]
        return cls(
            list(connection.scalars(sa.select(area.c.code).where(area.c.level == "grid").order_by(area.c.code))),
            list(connection.scalars(sa.select(unit.c.id).where(unit.c.kind == "contractor").order_by(unit.c.code))),
            list(connection.scalars(sa.select(unit.c.id).where(unit.c.kind == "department").order_by(unit.c.code))),
            list(connection.scalars(sa.select(held.c.person).where(held.c.role == "inspector").order_by(held.c.person))),
        )


def plant(connection: sa.Connection, count: int, *, now: dt.datetime, seed: int = 7, first: int = 0) -> None:
    """Write so many findings around this moment, numbered from `first`."""
    chance = random.Random(seed + first)
    ground = Ground.of(connection)
    lite = connection.dialect.name == "sqlite"
    for part in _parts(_made(chance, ground, number, now, lite=lite) for number in range(first, first + count)):
        for name in TABLES:
            rows = [row for made in part for row in made[name]]
            if rows:
                connection.execute(sa.insert(Base.metadata.tables[name]), rows)


def multiply(connection: sa.Connection, times: int, *, first: int = 1) -> None:
    """Copy all findings that were planted, with what belongs to them, so many times under other ids; `first`: of the first turn."""
    lite = connection.dialect.name == "sqlite"
    # Each copy has the number of its turn in the first digits of all its ids: what belongs together stays together.
    series = (
        "WITH RECURSIVE turn(k) AS (SELECT :first UNION ALL SELECT k + 1 FROM turn WHERE k < :last) "
        if lite
        else "WITH turn(k) AS (SELECT generate_series(CAST(:first AS int), CAST(:last AS int))) "
    )
    renamed = "printf('%08x', k) || substr({0}, 9)" if lite else "CAST(lpad(to_hex(k), 8, '0') || substr(CAST({0} AS text), 9) AS uuid)"
    for name, ids in (
        ("finding", ("id",)),
        ("dispatch", ("id", "finding")),
        ("dispatch_request", ("id", "finding", "dispatch")),
        ("finding_text", ("finding",)),
        ("photo", ("id", "subject")),
    ):
        table = Base.metadata.tables[name]
        columns = [column.name for column in table.c if not (name == "finding_text" and column.name == "id")]
        taken = [
            renamed.format(column) if column in ids else "number || '-' || k" if (name, column) == ("finding", "number") else column
            for column in columns
        ]
        # Those planted are copied, not the copies of an earlier call.
        own = "finding" if name == "finding_text" else "id"
        mark = f"substr(CAST({own} AS text), 1, 8) > '10000000'"
        connection.execute(
            sa.text(
                f"INSERT INTO {name} ({', '.join(columns)}) {series}SELECT {', '.join(taken)} FROM {name} CROSS JOIN turn WHERE {mark}"
            ),
            {"first": first, "last": first + times - 1},
        )


def settle(engine: sa.Engine) -> None:
    """What the database itself would do in its own time: statistics, the log written back."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as writer:
        for command in ("PRAGMA wal_checkpoint(TRUNCATE)", "ANALYZE") if engine.dialect.name == "sqlite" else ("VACUUM ANALYZE",):
            writer.exec_driver_sql(command)


def _made(chance: random.Random, ground: Ground, number: int, now: dt.datetime, *, lite: bool) -> dict[str, list[Row]]:
    """One finding with its dispatch, request and text."""
    state = _drawn(chance, _STATES)
    grid = chance.choice(ground.grids)
    located = state != "recorded" or chance.random() > 0.05
    recorded_at = now - dt.timedelta(minutes=chance.uniform(1, 60 * 24 * 30))
    step = STEP_OF.get(state)
    due = now + dt.timedelta(minutes=chance.uniform(-600, 3000))
    finding = _uuid(chance)
    unit = chance.choice(ground.contractors)
    worked = state in {"dispatched", "rectified", "verified", "closed", "appealed"}
    address = f"{chance.choice(_STREETS)}{chance.randrange(1, 400)}号"
    note = f"{chance.choice(_WORDS)}，{chance.choice(_WORDS)}"
    recorder = chance.choice(ground.recorders) if chance.random() < 0.1 else UUID(int=chance.randrange(1, 61))
    row: Row = {
        "id": finding,
        "number": f"{grid[:6]}-20260701-{number:06d}",
        "version": 1,
        "state_version": 1,
        "state": state,
        "source": "inspector",
        "kind": "event",
        "code": "06012",
        "edition": 1,
        "condition": None if state == "recorded" and chance.random() < 0.1 else 1,
        "trade": "cleaning",
        "place": {"lon": 120.0, "lat": 30.0, "datum": "WGS-84", "accuracy_m": 8.0},
        "lon": 120.2 + chance.random() / 5,
        "lat": 30.3 + chance.random() / 5,
        "address": address,
        "asset": None,
        "grid": grid if located else None,
        "community": grid[:12] if located else None,
        "town": grid[:9] if located else None,
        "district": grid[:6],
        "severity": 2,
        "note": note,
        "recorded_by": recorder,
        "recorded_at": recorded_at,
        "device_at": recorded_at,
        "received_at": recorded_at,
        "time_quality": "exact",
        "patrol": None,
        "liable": None,
        "liability": {"reason": "only_one"},
        "trade_owner": chance.choice(ground.departments),
        "limit_value": 2,
        "limit_unit": "working_hours",
        "limit_source": "condition",
        "unlocated": not located,
        "awaiting_contract": step in {"accept", "dispatch"} and chance.random() < 0.1,
        "awaiting_calendar": False,
        "lacks_photos": state == "recorded" and chance.random() < 0.4,
        "lacks_condition": False,
        "disputed": state in {"rectified", "verified"} and chance.random() < 0.2,
        "units": [f"contractor:{unit}"] if worked else [],
        "deadline": due if worked else None,
        "filed_at": recorded_at if worked or state == "filed" else None,
        "void_request": {"by": str(recorder), "at": now.isoformat(), "reason": "twice"} if step and chance.random() < 0.08 else None,
        "writes": {},
        "earliest_at": None,
        "latest_at": None,
        "liable_at": None,
        "attached_to": None,
        "closed_at": now if state == "closed" else None,
        "lacks_after_photos": state == "verified" and chance.random() < 0.3,
        "lacks_look_photos": False,
        "step": step,
        "step_since": recorded_at if step else None,
        "step_due": None if step in {None, "close"} else due,
        "bounces": chance.choice((0, 0, 0, 0, 1, 2)) if worked else 0,
        "supervised": state == "dispatched" and chance.random() < 0.1,
        "orphaned_at": now if step and chance.random() < 0.1 else None,
    }
    row["lacks_condition"] = row["condition"] is None
    made: dict[str, list[Row]] = {"finding": [row], "photo": [], "dispatch": [], "dispatch_request": [], "finding_text": []}
    if state == "recorded" and not row["lacks_photos"]:
        made["photo"].append(_photo(chance, row))
    if worked:
        made["dispatch"].append(_dispatch(chance, row, unit, due))
        if state == "dispatched" and chance.random() < 0.3:
            made["dispatch_request"].append(_request(chance, made["dispatch"][0], now))
    scopes = [f"town:{row['town']}", f"user:{recorder}", *row["units"]]
    grams = [*grams_of([row["number"], address, note]), *scope_grams(scopes)]
    said = folded("\n".join((row["number"], address, note)))
    made["finding_text"].append({"finding": finding, "text": said, "grams": " ".join(grams) if lite else grams})
    return made


def _photo(chance: random.Random, row: Row) -> Row:
    return {
        "id": _uuid(chance),
        "subject_type": "finding",
        "subject": row["id"],
        "sha256": f"{chance.getrandbits(256):064x}",
        "size": 1000,
        "mime": "image/jpeg",
        "role": "before",
        "taken_at": None,
        "declared_by": row["recorded_by"],
        "declared_at": row["recorded_at"],
        "replica": None,
        "state": "usable",
        "stored_at": row["recorded_at"],
        "settled_at": row["recorded_at"],
        "waived_at": None,
        "waived_by": None,
        "waived_reason": None,
        "retracted_at": None,
        "retracted_by": None,
        "retracted_reason": None,
    }


def _dispatch(chance: random.Random, row: Row, unit: UUID, due: dt.datetime) -> Row:
    state = _drawn(chance, _WORK) if row["state"] == "dispatched" else "handed_back"
    late = state in {"issued", "rework"} and chance.random() < 0.15
    return {
        "id": _uuid(chance),
        "finding": row["id"],
        "role": "lead",
        "state": state,
        "unit": unit,
        "unit_kind": "contractor",
        "contract": None,
        "choice": {"reason": "only_one"},
        "issued_at": row["recorded_at"],
        "issued_by": None,
        "automatic": True,
        "limit_value": 2,
        "limit_unit": "working_hours",
        "limit_source": "condition",
        "deadline": None,
        "due": due,
        "awaiting_calendar": False,
        "handed_back_at": row["recorded_at"] if state == "handed_back" else None,
        "reworks": int(state == "rework"),
        "cancelled_at": None,
        "replaced_by": None,
        "yellow_from": due - dt.timedelta(minutes=100),
        "suspended_until": due + dt.timedelta(days=9) if state == "suspended" else None,
        "worker": row["recorded_by"] if chance.random() < 0.2 else None,
        "escalation": int(late),
    }


def _request(chance: random.Random, dispatch: Row, now: dt.datetime) -> Row:
    kind = {"suspended": "suspension", "returned": "return"}.get(dispatch["state"], chance.choice(("extension", "suspension", "return")))
    return {
        "id": _uuid(chance),
        "finding": dispatch["finding"],
        "dispatch": dispatch["id"],
        "kind": kind,
        "state": chance.choice(("pending", "pending", "refused", "granted")),
        "reason": "下雨",
        "until": None,
        "asked_by": _uuid(chance),
        "asked_at": now - dt.timedelta(minutes=chance.uniform(0, 5000)),
        "received_at": now,
        "time_quality": "exact",
        "by_value": None,
        "by_unit": None,
        "decided_by": None,
        "decided_at": None,
        "decided_reason": None,
        "op": None,
    }


def _uuid(chance: random.Random) -> UUID:
    """One whose first digits are those of none that `multiply` makes."""
    return UUID(int=chance.getrandbits(128) | (1 << 127))


def _drawn(chance: random.Random, weights: Mapping[str, int]) -> str:
    return chance.choices(list(weights), list(weights.values()))[0]


def _parts(made: Iterable[dict[str, list[Row]]]) -> Iterator[list[dict[str, list[Row]]]]:
    part: list[dict[str, list[Row]]] = []
    for each in made:
        part.append(each)
        if len(part) == _CHUNK:
            yield part
            part = []
    yield part
