"""What is known already near a place: so that nobody need report what is being worked on."""

from __future__ import annotations

import math
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from backend.domains.findings.model.finding import Finding
from backend.domains.findings.rules.attaching import reach_m
from backend.domains.findings.rules.moves import ENDED
from backend.domains.residents.queries.standing import dispatch_states
from backend.domains.residents.rules.status import stage_of, words
from backend.domains.territory.rules import datums
from backend.domains.territory.rules.metres import LocalMetres
from backend.domains.territory.rules.territory import local_day

FARTHEST_M = 50.0
"""However uncertain the place of who asks: this is as far as one sees who stands there."""
_MOST = 5
_STEP_M = 10
_CELLS = 4000
"""Cells in a degree, so they are 28 m high and about 24 m wide. A finding is told as in the middle of its cell: whoever asks from many
places learns the cell and no more. Degrees, not metres, make them: they must not move with who asks."""


def known_nearby(session: Session, *, place: dict[str, Any]) -> list[dict[str, Any]]:
    """At most five open findings of a category (`kind`, `code`) around a place (`lon`, `lat`, `datum`, `accuracy_m`), the nearest first.

    Each `{metres, since, stage, words, expected_by}`: neither number nor id, no more than somebody sees who stands there. They are looked
    for as far as the place is uncertain, 25 to 50 metres; the distance is to the middle of a cell, in steps of ten metres. Nothing of
    enforcement: nobody is to be warned. Raises PlaceAbsurd, DatumUnknown.
    """
    lon, lat, datum = datums.check_place(place["lon"], place["lat"], place["datum"], at="")
    lon, lat = datums.to_wgs84(lon, lat, datum)
    reach, scale = min(FARTHEST_M, reach_m(place["accuracy_m"])), LocalMetres.at(lat)
    east, north = reach / scale.east + 1 / _CELLS, reach / scale.north + 1 / _CELLS
    to_east, to_north = (_middle(Finding.lon) - lon) * scale.east, (_middle(Finding.lat) - lat) * scale.north
    squared = to_east * to_east + to_north * to_north
    query = sa.select(Finding.id, Finding.state, Finding.recorded_at, Finding.deadline, squared.label("squared")).where(
        Finding.kind == place["kind"],
        Finding.code == place["code"],
        Finding.lat.between(lat - north, lat + north),
        Finding.lon.between(lon - east, lon + east),
        squared <= reach * reach,
        Finding.state.not_in(sorted(ENDED)),
        Finding.trade != "enforcement",
    )
    chosen = session.execute(query.order_by(squared, Finding.recorded_at, Finding.id).limit(_MOST)).all()
    states = dispatch_states(session, [row.id for row in chosen])
    return [_told(math.sqrt(row.squared), row, states[row.id]) for row in chosen]


def _middle(degrees: InstrumentedAttribute[float]) -> sa.ColumnElement[float]:
    return sa.func.round(degrees * _CELLS, type_=sa.Float()) / _CELLS


def _told(metres: float, row: Any, states: list[str]) -> dict[str, Any]:
    stage = stage_of("taken_up", row.state, states)
    return {
        "metres": round(metres / _STEP_M) * _STEP_M,
        "since": local_day(row.recorded_at),
        "stage": stage,
        "words": words(stage, follows=False),
        "expected_by": row.deadline if stage in {"ordered", "again"} else None,
    }
