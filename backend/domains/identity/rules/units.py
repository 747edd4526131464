"""Units: the five kinds of organisation within which roles are held."""

from __future__ import annotations

from typing import Literal, get_args

from backend.core.problems import Clash, Invalid, Missing

UnitKind = Literal["district", "town", "department", "contractor", "community"]
UNIT_KINDS: tuple[UnitKind, ...] = get_args(UnitKind)
_AREA_DIGITS: dict[UnitKind, int] = {"district": 6, "town": 9, "community": 12}
_TEXT = 200


class UnitMissing(Missing):
    """No unit with this id or code."""

    slug = "unit_not_found"
    title = "There is no such unit"
    title_zh = "单位不存在"
    way_out = "GET /api/v1/units lists the units with their ids and codes."
    way_out_zh = "可通过 GET /api/v1/units 查看各单位的编号和代码。"


class UnitInvalid(Invalid):
    """A unit whose kind, code, name or area is wrong."""

    slug = "unit_invalid"
    title = "This unit cannot be founded"
    title_zh = "单位信息有误"
    way_out = (
        "Give a kind, a code without spaces and a name; districts, towns and communities name an area of 6, 9 or 12 digits, others none."
    )
    way_out_zh = "请填写类别、无空格的代码和名称；区、镇街、社区须填写 6、9、12 位区划代码，其他单位不填。"


class UnitTaken(Clash):
    """The code belongs to another unit."""

    slug = "unit_taken"
    title = "This unit code is taken"
    title_zh = "单位代码已被使用"
    way_out = "Choose another code, or use the unit that has it."
    way_out_zh = "请更换代码，或使用已有的单位。"


def check_unit(*, kind: str, code: str, name: str, area: str | None) -> None:
    """Raise UnitInvalid unless kind, code, name and area make a unit (domain.md sections 1 and 2)."""
    errors: list[tuple[str, str]] = []
    if kind not in UNIT_KINDS:
        errors.append(("/kind", f"{kind!r} is none of {', '.join(UNIT_KINDS)}"))
    if not code.isprintable() or not 1 <= len(code) <= 64 or any(sign.isspace() for sign in code):
        errors.append(("/code", "1 to 64 printable characters without spaces"))
    if not name.strip() or len(name) > _TEXT or not name.isprintable():
        errors.append(("/name", f"1 to {_TEXT} printable characters"))
    digits = next((count for known, count in _AREA_DIGITS.items() if known == kind), 0)
    if digits and (area is None or len(area) != digits or not (area.isascii() and area.isdigit())):
        errors.append(("/area", f"the {digits} digits of the {kind}"))
    if not digits and area is not None:
        errors.append(("/area", f"a {kind} answers for no area"))
    if errors:
        raise UnitInvalid("; ".join(f"{pointer[1:]}: {text}" for pointer, text in errors), errors=errors)
