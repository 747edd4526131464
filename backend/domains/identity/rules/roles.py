"""Roles: which there are, in which units they are held, and which one person never holds together (domain.md section 2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args
from uuid import UUID

from backend.core.problems import Clash, Invalid, Missing

Role = Literal[
    "inspector",
    "acceptor",
    "shift_leader",
    "dispatcher",
    "contractor_manager",
    "contractor_worker",
    "department_officer",
    "town_officer",
    "liaison",
    "assessor",
    "leader",
    "auditor",
    "administrator",
    "security_administrator",
    "audit_administrator",
]
ROLES: tuple[Role, ...] = get_args(Role)

CONTRACTOR_SIDE: frozenset[str] = frozenset({"contractor_manager", "contractor_worker"})
VERIFIER_SIDE: frozenset[str] = frozenset({"inspector", "acceptor", "shift_leader", "dispatcher", "assessor"})
# What rules on a contractor's work, or on its clocks: whose people never do.
RULERS: frozenset[str] = VERIFIER_SIDE | {"leader"}
ADMINISTRATOR_POSTS: frozenset[str] = frozenset({"administrator", "security_administrator", "audit_administrator"})

# Who may see and change accounts and roles.
ACCOUNT_KEEPERS: tuple[Role, ...] = ("administrator", "security_administrator")

_ONLY_IN: dict[str, str] = {"department_officer": "department", "town_officer": "town", "liaison": "community"}


class RoleInvalid(Invalid):
    """No such role, or not one that is held in a unit of this kind."""

    slug = "role_invalid"
    title = "This role cannot be held there"
    title_zh = "该单位不能设此角色"
    way_out = "Contractor roles are held in contractors and no others there; officers in departments and towns, liaisons in communities."
    way_out_zh = "承包单位人员只能任承包单位角色；部门、镇街经办人须在部门、镇街，城管联络员须在社区。"


class RoleConflict(Clash):
    """Two roles that one person never holds at once: contractor and verifier or leader, or two of the three administrator posts."""

    slug = "role_conflict"
    title = "One person may not hold both roles"
    title_zh = "同一人不得兼任这两个角色"
    way_out = "End the other role first, or give this one to somebody else."
    way_out_zh = "请先终止另一角色，或将此角色授予他人。"


class RoleHeldAlready(Clash):
    """This person holds this role in this unit now."""

    slug = "role_held_already"
    title = "This role is held already"
    title_zh = "已拥有该角色"
    way_out = "Nothing needs to be done."
    way_out_zh = "无需再次授予。"


class RoleNotHeld(Missing):
    """No such role held by this person, or it ended."""

    slug = "role_not_held"
    title = "This role is not held"
    title_zh = "未拥有该角色"
    way_out = "GET /api/v1/people lists the roles that last, each with its id."
    way_out_zh = "可通过 GET /api/v1/people 查看现有角色及其编号。"


@dataclass(frozen=True, slots=True)
class Holding:
    """A role held in a unit from `since` until `until` (None while it lasts)."""

    role: str
    unit: UUID
    since: dt.datetime
    until: dt.datetime | None = None


def fault_of_place(role: str, unit_kind: str) -> str | None:
    """Why this role cannot be held in a unit of this kind; None if it can."""
    if role not in ROLES:
        return f"{role!r} is none of {', '.join(ROLES)}"
    if (role in CONTRACTOR_SIDE) != (unit_kind == "contractor"):
        return f"{role} cannot be held in a {unit_kind}"
    if _ONLY_IN.get(role, unit_kind) != unit_kind:
        return f"{role} is held in a {_ONLY_IN[role]}, not in a {unit_kind}"
    return None


def check_place(role: str, unit_kind: str) -> None:
    """Raise RoleInvalid if this role cannot be held in a unit of this kind."""
    fault = fault_of_place(role, unit_kind)
    if fault:
        raise RoleInvalid(fault, errors=[("/role", fault)])


def opposed(role: str, held: Iterable[str]) -> str | None:
    """The first of the roles held that one person may not hold together with this one."""
    for other in held:
        pair = {role, other}
        if pair & CONTRACTOR_SIDE and pair & RULERS:
            return other
        if role != other and pair <= ADMINISTRATOR_POSTS:
            return other
    return None


def check_grant(role: str, unit: UUID, since: dt.datetime, held: Iterable[Holding]) -> None:
    """Raise RoleConflict or RoleHeldAlready if this role, held from `since` on, meets one that opposes it or equals it at any moment."""
    meeting = [item for item in held if item.until is None or item.until > since]
    if any(item.role == role and item.unit == unit for item in meeting):
        raise RoleHeldAlready(f"{role} is held in this unit already", errors=[("/role", "held already")])
    other = opposed(role, (item.role for item in meeting))
    if other:
        detail = f"{role} and {other} are never held by one person at once"
        raise RoleConflict(detail, errors=[("/role", f"conflicts with {other}")], held=other)
