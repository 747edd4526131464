"""What is refused of rosters."""

from __future__ import annotations

from backend.core.problems import Clash, Forbidden, Invalid, Missing


class RosterInvalid(Invalid):
    """A responsibility grid, shift or absence that contradicts itself or the ground."""

    slug = "roster_invalid"
    title = "This cannot be on a roster"
    title_zh = "排班内容有误"
    way_out = "Correct what `errors` names; nothing was changed."
    way_out_zh = "请更正 errors 所列内容；数据未作任何改动。"


class GridTaken(Clash):
    """A unit grid belongs to one responsibility grid at a time; `taken` maps each to the one that has it."""

    slug = "grid_taken"
    title = "A unit grid belongs to another responsibility grid"
    title_zh = "单元网格已划入其他责任网格"
    way_out = "Leave out the grids that `taken` names, or redraw the other responsibility grid first, from the same day on."
    way_out_zh = "请去掉 taken 所列的单元网格，或先从同一日起调整另一责任网格。"


class ResponsibilityGridTaken(Clash):
    """Another responsibility grid has this code."""

    slug = "responsibility_grid_taken"
    title = "The code belongs to another responsibility grid"
    title_zh = "责任网格编码已被占用"
    way_out = "Choose another code, or redraw the one that has it."
    way_out_zh = "请更换编码，或调整已有的责任网格。"


class ResponsibilityGridMissing(Missing):
    """No such responsibility grid."""

    slug = "responsibility_grid_not_found"
    title = "There is no such responsibility grid"
    title_zh = "责任网格不存在"
    way_out = "GET /api/v1/responsibility-grids lists those there are."
    way_out_zh = "可通过 GET /api/v1/responsibility-grids 查看现有责任网格。"


class ShiftsOverlap(Clash):
    """One person has one shift at a time; `overlaps` names the other."""

    slug = "shifts_overlap"
    title = "The person has another shift at that time"
    title_zh = "该人员同一时段已有排班"
    way_out = "Plan another time or person, or cancel the shift that `overlaps` names."
    way_out_zh = "请更换时段或人员，或先取消 overlaps 所列班次。"


class ShiftOver(Clash):
    """The shift was cancelled, or is over."""

    slug = "shift_over"
    title = "The shift is over or was cancelled"
    title_zh = "该班次已结束或已取消"
    way_out = "Nothing needs to be done; plan another shift where one is missing."
    way_out_zh = "无需处理；如有缺班请另行排班。"


class AbsencesOverlap(Clash):
    """The person is absent at that time already; `overlaps` names the absence."""

    slug = "absences_overlap"
    title = "The person is absent at that time already"
    title_zh = "该人员同一时段已登记缺勤"
    way_out = "Change the absence that `overlaps` names: its end, or who covers it."
    way_out_zh = "请修改 overlaps 所列缺勤的结束时间或替班人员。"


class AbsenceOver(Clash):
    """The absence has ended."""

    slug = "absence_over"
    title = "The absence has ended"
    title_zh = "该缺勤已结束"
    way_out = "Note another absence if the person is not there again."
    way_out_zh = "如再次缺勤请另行登记。"


class CoverUnfit(Invalid):
    """Who is to cover cannot: absent as well, the same person, or no inspector of the place."""

    slug = "cover_unfit"
    title = "This person cannot cover"
    title_zh = "该人员不能替班"
    way_out = "Choose an inspector of the place who is there at that time, or leave the absence uncovered: it is listed as a gap."
    way_out_zh = "请选择该时段在岗且属于该区域的监督员；也可暂不指定，系统会列为缺口。"


class NotYourRoster(Forbidden):
    """Rosters are kept by the shift leaders of the area and by administrators."""

    slug = "not_your_roster"
    title = "The roster of this area is not yours to change"
    title_zh = "无权修改该区域的排班"
    way_out = "Ask a shift leader of the area, or an administrator."
    way_out_zh = "请联系该区域的值班长或管理员。"
