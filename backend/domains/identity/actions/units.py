"""Units are founded, one by one or from a file; roles are then held within them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import add_row
from backend.domains.identity import queries
from backend.domains.identity.model import Unit
from backend.domains.identity.rules.unit_file import UnitLine, check_lines, invalid
from backend.domains.identity.rules.units import UnitTaken, check_unit


def found_unit(
    session: Session,
    act: Act,
    *,
    kind: str,
    code: str,
    name: str,
    name_en: str | None = None,
    area: str | None = None,
    parent: UUID | None = None,
) -> Unit:
    """Found a unit. Districts, towns and communities name the code of the area they answer for (6, 9, 12 digits).

    Raises UnitInvalid, UnitTaken (code) and UnitMissing (parent).
    """
    check_unit(kind=kind, code=code, name=name, area=area)
    if queries.unit_by_code(session, code) is not None:
        raise UnitTaken(f"code: {code} belongs to another unit", errors=[("/code", "taken")])
    if parent is not None:
        queries.get_unit(session, parent)
    unit = add_row(
        session,
        Unit(id=act.new_id(), kind=kind, code=code, name=name.strip(), name_en=name_en, area=area, parent=parent, founded_at=act.at),
    )
    session.flush()
    act.tell("unit.founded", "unit", unit.id, kind=kind, code=code)
    return unit


@dataclass(slots=True)
class Imported:
    """The codes of units that were founded, that changed and that were as the lines say already."""

    founded: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)


def import_units(session: Session, act: Act, *, lines: Sequence[UnitLine]) -> Imported:
    """Found the units of these lines, all of them or none; of those there are already names and parent are brought up to date.

    An empty name_en or parent_code leaves what is there; kind and area of a unit never change. Safe to repeat. Raises UnitFileInvalid.
    """
    codes = [line.code for line in lines] + [line.parent_code for line in lines if line.parent_code]
    units = queries.units_by_code(session, codes)
    check_lines(lines, units)
    other = [
        (f"/{line.line}/{name}", f"{line.code} is there already with the {name} {getattr(units[line.code], name) or 'none'}")
        for line in lines
        if line.code in units
        for name in ("kind", "area")
        if getattr(units[line.code], name) != getattr(line, name)
    ]
    if other:
        raise invalid(other)
    done = Imported()
    for line in lines:
        parent = units[line.parent_code].id if line.parent_code else None
        unit = units.get(line.code)
        if unit is None:
            units[line.code] = found_unit(
                session, act, kind=line.kind, code=line.code, name=line.name, name_en=line.name_en, area=line.area, parent=parent
            )
            done.founded.append(line.code)
            continue
        fields = _settle(unit, name=line.name.strip(), name_en=line.name_en or unit.name_en, parent=parent or unit.parent)
        if fields:
            act.tell("unit.changed", "unit", unit.id, fields=fields)
        (done.changed if fields else done.unchanged).append(line.code)
    _refuse_circles(session, lines, units)
    return done


def _settle(unit: Unit, **values: object) -> list[str]:
    changed = [name for name, value in values.items() if getattr(unit, name) != value]
    for name in changed:
        setattr(unit, name, values[name])
    return changed


def _refuse_circles(session: Session, lines: Sequence[UnitLine], units: dict[str, Unit]) -> None:
    """A unit that was there may have been put below its own child."""
    session.flush()
    for line in lines:
        above, met = units[line.code].parent, {units[line.code].id}
        while above is not None:
            if above in met:
                raise invalid([(f"/{line.line}/parent_code", "the unit would stand above itself")])
            met.add(above)
            above = queries.get_unit(session, above).parent
