"""Who and what the demo district is made of besides its ground: units, people, contracts, responsibilities. Names are invented."""

from __future__ import annotations

from dataclasses import dataclass

PASSWORD = "linping-demo"  # noqa: S105 - the demo's own, shown on its front page
DISTRICT = "330113"
TOWNS = ("330113001", "330113002", "330113003", "330113004", "330113005", "330113006", "330113007", "330113100")
CLASS_DEFAULT = (3, "working_days")
"""The limit that the demo's administrator set for conditions that have none of their own."""
AUTOMATIC_TRADES = ("cleaning", "sanitation", "municipal", "greening")
"""Trades whose findings are filed and dispatched by themselves; enforcement and others are the desk's."""


@dataclass(frozen=True, slots=True)
class UnitPlan:
    """A department or contractor."""

    kind: str
    code: str
    name: str
    name_en: str


@dataclass(frozen=True, slots=True)
class PersonPlan:
    """A login with its roles in one unit."""

    login: str
    name: str
    roles: tuple[str, ...]
    unit: str


@dataclass(frozen=True, slots=True)
class ContractPlan:
    """A contract: days are counted from the day of seeding, `until` is exclusive; coverage is (kind, code, buffer in metres)."""

    number: str
    name: str
    contractor: str
    trade: str
    first: int
    until: int
    coverage: tuple[tuple[str, str, float | None], ...]
    succeeds: str | None = None


UNITS = (
    UnitPlan("department", "CG", "区综合行政执法局", "District Urban Management Bureau"),
    UnitPlan("department", "SZ", "区市政养护中心", "Municipal Works Centre"),
    UnitPlan("department", "YL", "区园林绿化中心", "Greening Centre"),
    UnitPlan("department", "HW", "区环境卫生中心", "Sanitation Centre"),
    UnitPlan("contractor", "HD", "恒道市政养护有限公司", "Hengdao Road Maintenance Co."),
    UnitPlan("contractor", "QL", "青林园林工程有限公司", "Qinglin Landscape Co."),
    UnitPlan("contractor", "JJ", "净洁环境服务有限公司", "Jingjie Environment Co."),
    UnitPlan("contractor", "XH", "新河环境服务有限公司", "Xinhe Environment Co."),
)

PEOPLE = (
    PersonPlan("lin", "林巡查", ("inspector",), "330113001"),
    PersonPlan("wu", "吴巡查", ("inspector",), "330113002"),
    PersonPlan("zhao", "赵受理", ("acceptor", "shift_leader"), DISTRICT),
    PersonPlan("chen", "陈受理", ("acceptor", "shift_leader"), DISTRICT),
    PersonPlan("sun", "孙派遣", ("dispatcher",), DISTRICT),
    PersonPlan("qian", "钱经理", ("contractor_manager",), "HD"),
    PersonPlan("ma", "马师傅", ("contractor_worker",), "HD"),
    PersonPlan("feng", "冯经理", ("contractor_manager",), "JJ"),
    PersonPlan("tang", "汤科长", ("town_officer",), "330113001"),
    PersonPlan("gu", "顾科长", ("department_officer",), "SZ"),
    PersonPlan("shen", "沈联络", ("liaison",), "330113001001"),
    PersonPlan("li", "李局长", ("leader",), DISTRICT),
    PersonPlan("yu", "俞审计", ("auditor",), DISTRICT),
    PersonPlan("admin", "系统管理员", ("administrator",), DISTRICT),
)

_YEAR = 365
_EAST = ("330113001", "330113002", "330113003", "330113004", "330113005")
_WEST = ("330113006", "330113007", "330113100")


def _areas(*codes: str) -> tuple[tuple[str, str, float | None], ...]:
    return tuple(("area", code, None) for code in codes)


CONTRACTS = (
    ContractPlan("LP-SZ-E", "东片市政设施养护", "HD", "municipal", -200, _YEAR, _areas(*_EAST)),
    ContractPlan("LP-SZ-W", "西片市政设施养护", "HD", "municipal", -100, _YEAR, _areas(*_WEST)),
    # The gap: nobody has the greening of 塘栖镇 (330113100), and the matrix names no unit for it.
    ContractPlan("LP-LH", "绿化养护", "QL", "greening", -150, _YEAR, _areas(*_EAST, "330113006", "330113007")),
    # Ended at the midnight before the day of seeding, and its successor: yesterday's findings are the old one's to answer for.
    ContractPlan("LP-HW-1", "环卫作业（上一期）", "XH", "sanitation", -_YEAR, 0, _areas(*TOWNS)),
    ContractPlan("LP-HW-2", "环卫作业", "JJ", "sanitation", 0, _YEAR, _areas(*TOWNS), succeeds="LP-HW-1"),
    ContractPlan("LP-BJ", "全区道路保洁", "XH", "cleaning", -300, _YEAR, _areas(*TOWNS)),
    # The overlap: the model road has its own contract, which is more specific than the towns it runs through.
    ContractPlan("LP-BJ-DH", "东湖中路精细化保洁", "JJ", "cleaning", -60, _YEAR, (("road", "330113L00101", 40.0),)),
)

TRADE_OWNERS = {"municipal": "SZ", "greening": "YL", "sanitation": "HW", "cleaning": "HW", "enforcement": "CG", "other": "CG"}
ACTING = {"enforcement": "CG", "other": "CG"}
"""Where no contract acts, these bureaus do."""
