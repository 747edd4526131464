"""A small district, a catalogue, two contractors."""

import datetime as dt
from pathlib import Path

import pytest
from shapely.geometry import LineString, box

import backend.domains.catalog
from backend.core.revisions import bump
from backend.domains.catalog.actions import load_edition
from backend.domains.contracts import actions
from backend.domains.territory.model import Area, RoadSegment

FILE = Path(backend.domains.catalog.__file__).parent / "data" / "catalog.csv"
SINCE = dt.date(2020, 1, 1)

# Two towns side by side; the west one has two communities of two grids, the east one a community of one. Degrees, WGS-84.
AREAS = {
    "330113": ("district", None, (120.00, 30.00, 120.06, 30.02)),
    "330113001": ("town", "330113", (120.00, 30.00, 120.04, 30.02)),
    "330113001001": ("community", "330113001", (120.00, 30.00, 120.02, 30.02)),
    "330113001001001": ("grid", "330113001001", (120.00, 30.00, 120.01, 30.02)),
    "330113001001002": ("grid", "330113001001", (120.01, 30.00, 120.02, 30.02)),
    "330113001002": ("community", "330113001", (120.02, 30.00, 120.04, 30.02)),
    "330113001002001": ("grid", "330113001002", (120.02, 30.00, 120.03, 30.02)),
    "330113001002002": ("grid", "330113001002", (120.03, 30.00, 120.04, 30.02)),
    "330113002": ("town", "330113", (120.04, 30.00, 120.06, 30.02)),
    "330113002001": ("community", "330113002", (120.04, 30.00, 120.06, 30.02)),
    "330113002001001": ("grid", "330113002001", (120.04, 30.00, 120.06, 30.02)),
}
ROAD = "R-01"


def survey(session, act):
    """Write the district; what importing does, without its checks."""
    for code, (level, parent, bounds) in AREAS.items():
        row = {"level": level, "name": code, "parent": parent, "polygon": box(*bounds).wkb, "valid_from": SINCE, "valid_until": None}
        session.add(Area(code=code, note="", illustrative=True, version=1, **row))
    # Along the border of the two towns, south to north.
    line = LineString([(120.04, 30.00), (120.04, 30.02)]).wkb
    session.add(
        RoadSegment(code=ROAD, name="东湖中路", section=1, line=line, valid_from=SINCE, valid_until=None, note="", illustrative=True)
    )
    bump(session, act, "territory")


class Office:
    """What the office writes, in few words."""

    def __init__(self, cast):
        self.cast = cast
        self._numbers = iter(range(1, 100))

    def contract(self, *, number=None, contractor="hangyang", days=("2026-01-01", "2027-01-01"), signed="2025-12-01", **facts):
        first, until = (dt.date.fromisoformat(day) for day in days)
        name = number or f"C-{next(self._numbers)}"
        return self.cast.do(
            actions.sign_contract,
            number=name,
            name=f"contract {name}",
            contractor=self.cast.unit(contractor),
            signed_on=dt.date.fromisoformat(signed),
            valid_from=first,
            valid_until=until,
            **facts,
        )

    def section(self, contract, code="1"):
        return self.cast.do(actions.add_section, contract=contract.id, code=code, name=f"section {code}")

    def coverage(self, section, code, *, trade="sanitation", kind="area", **facts):
        return self.cast.do(actions.add_coverage, section=section.id, trade=trade, kind=kind, code=code, **facts)

    def covering(self, code, *, coverage=None, **facts):
        """A contract with one section that covers one thing."""
        contract = self.contract(**facts)
        self.coverage(self.section(contract), code, **(coverage or {}))
        return contract

    def responsible(self, unit, *, role="acting", scope="all", key="", area="330113", since="2020-01-01", **facts):
        return self.cast.do(
            actions.assign_responsibility,
            role=role,
            scope=scope,
            key=key,
            area=area,
            unit=self.cast.unit(unit),
            valid_from=dt.date.fromisoformat(since),
            **facts,
        )


def opened(cast):
    """The office, on an application with the district and the catalogue."""
    cast.do(survey)
    cast.do(load_edition, number=1, name="2026", valid_from=SINCE, source="test", csv=FILE.read_text("utf-8"))
    return Office(cast)


@pytest.fixture
def office(cast):
    """The office on SQLite."""
    return opened(cast)
