"""Units are founded; roles are then held within them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import add_row
from backend.domains.identity import queries
from backend.domains.identity.model import Unit
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
