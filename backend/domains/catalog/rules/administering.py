"""What an administrator may set: editions that follow each other, default limits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping

from backend.core.problems import Clash, Invalid, Missing
from backend.domains.catalog.rules.categories import UNITS
from backend.domains.catalog.rules.edition_file import LARGEST_LIMIT


class EditionClash(Clash):
    """An edition that does not follow the ones there are."""

    slug = "edition_clash"
    title = "The edition does not follow the last one"
    title_zh = "目录版本与现有版本冲突"
    way_out = "Give the new edition a higher number and a later first day than the last one; a loaded edition is never replaced."
    way_out_zh = "新版本的编号须大于、生效日须晚于最近一版；已导入的版本不能覆盖。"


class SuccessorInvalid(Invalid):
    """A successor that does not tie a retired category to one of the new edition."""

    slug = "successor_invalid"
    title = "This succession does not hold"
    title_zh = "替代关系无效"
    way_out = "Name as successors {old key: new key}: the old one in the last edition and gone in the new, the new one in the new edition."
    way_out_zh = "请以 {旧键: 新键} 填写：旧类别在上一版中存在而新版中取消，新类别在新版中存在。"


class LimitUnfit(Invalid):
    """A default limit that is no amount of time."""

    slug = "default_limit_unfit"
    title = "This is not a limit"
    title_zh = "时限无效"
    way_out = f"Give a whole number from 1 to {LARGEST_LIMIT} and one of the units {', '.join(UNITS)}."
    way_out_zh = f"请填写 1 至 {LARGEST_LIMIT} 的整数，单位为以下之一：{'、'.join(UNITS)}。"


class CategoryMissing(Missing):
    """A category, class or edition that the catalogue does not have."""

    slug = "category_not_found"
    title = "Not in the catalogue"
    title_zh = "目录中没有该类别"
    way_out = "GET /api/v1/catalog lists what there is; codes are text and keep their leading zero."
    way_out_zh = "请通过 GET /api/v1/catalog 查看现有类别；编码为文本，须保留前导零。"


def refuse_edition(number: int, valid_from: dt.date, last: tuple[int, dt.date] | None) -> None:
    """Raises EditionClash unless number and first day lie after those of the last edition (number, first day)."""
    if number < 1:
        raise EditionClash(f"number: {number} is below 1", errors=[("/number", "below 1")])
    if last is None:
        return
    if number <= last[0]:
        raise EditionClash(f"number: {number} is not above the last edition's {last[0]}", errors=[("/number", f"not above {last[0]}")])
    if valid_from <= last[1]:
        detail = f"not after {last[1]}, the first day of edition {last[0]}"
        raise EditionClash(f"valid_from: {valid_from} is {detail}", errors=[("/valid_from", detail)])


def refuse_successors(successors: Mapping[str, str], old: Collection[str], new: Collection[str]) -> None:
    """Raises SuccessorInvalid unless every old key was retired between the `old` and `new` keys and goes to a new one."""
    errors = []
    for before, after in successors.items():
        if before not in old or before in new:
            errors.append((f"/successors/{before}", f"{before} is not retired by this edition"))
        elif after not in new:
            errors.append((f"/successors/{before}", f"this edition has no {after}"))
    if errors:
        raise SuccessorInvalid("; ".join(detail for _, detail in errors[:3]), errors=errors)


def refuse_limit(value: int, unit: str) -> None:
    """Raises LimitUnfit unless it is a whole number of a known unit."""
    errors = []
    if not 0 < value <= LARGEST_LIMIT:
        errors.append(("/value", f"{value!r} is no whole number from 1 to {LARGEST_LIMIT}"))
    if unit not in UNITS:
        errors.append(("/unit", f"{unit!r} is none of {', '.join(UNITS)}"))
    if errors:
        raise LimitUnfit("; ".join(f"{pointer[1:]}: {detail}" for pointer, detail in errors), errors=errors)
