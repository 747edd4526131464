"""A match as it is shown: its facts, and a sentence in Chinese and English that a contractor can check."""

from __future__ import annotations

from typing import Any

from backend.domains.contracts.rules.match import Candidate, Match, Responsible

_LEVEL_ZH = {"asset": "设施", "road": "路段", "grid": "单元网格", "community": "社区", "town": "镇街", "district": "区"}

_ZH = {
    "only_one": "{day}在此处该行业只有合同{winner}有效（{level}{code}）。",
    "priority": "合同{winner}与{runner_up}范围重叠，按明确的优先级{priority}高于{other_priority}，由{winner}负责。",
    "more_specific": "合同{winner}与{runner_up}范围重叠，"
    "{winner}的范围为{level}{code}，比{other_level}{other_code}更具体，由{winner}负责。",
    "later_signature": "合同{winner}与{runner_up}范围重叠，优先级与范围级别相同，"
    "{winner}签订较晚（{signed_on}，后者{other_signed_on}），由{winner}负责。",
    "lowest_id": "合同{winner}与{runner_up}范围重叠，优先级、范围级别、签订日期均相同，"
    "为保证结果稳定取内部编号较小的{winner}；请明确优先级。",
    "acting_unit": "{day}在此处该行业没有有效合同，按权责清单由责任单位处置。",
    "awaiting_contract": "{day}在此处该行业没有有效合同，权责清单也未指定处置单位，暂由属地镇街负责，等待确定合同。",
}
_EN = {
    "only_one": "On {day} contract {winner} is the only one in force here for this trade ({level} {code}).",
    "priority": "Contracts {winner} and {runner_up} overlap here; {winner} has the higher priority ({priority} against {other_priority}).",
    "more_specific": "Contracts {winner} and {runner_up} overlap here; "
    "{winner} covers {level} {code}, more specific than {other_level} {other_code}.",
    "later_signature": "Contracts {winner} and {runner_up} overlap here with equal priority and level of coverage; "
    "{winner} was signed later ({signed_on} against {other_signed_on}).",
    "lowest_id": "Contracts {winner} and {runner_up} overlap here with equal priority, level of coverage and day of signature; "
    "{winner} is taken for its lower id, only so that the answer is always the same. State a priority.",
    "acting_unit": "On {day} no contract is in force here for this trade; the responsibility matrix names the unit that acts.",
    "awaiting_contract": "On {day} no contract is in force here for this trade and the responsibility matrix names no unit; "
    "the town stands in as area owner until there is one.",
}


def explain(match: Match) -> dict[str, str]:
    """The sentence for its reason: `{"zh": …, "en": …}`."""
    facts: dict[str, object] = {"day": match.day.isoformat()}
    if match.winner is not None:
        facts |= _facts(match.winner, "") | {"winner": match.winner.number}
    if match.runner_up is not None:
        facts |= _facts(match.runner_up, "other_") | {"runner_up": match.runner_up.number}
    zh = {key: _LEVEL_ZH[str(value)] if key.endswith("level") else value for key, value in facts.items()}
    return {"zh": _ZH[match.reason].format(**zh), "en": _EN[match.reason].format(**facts)}


def _facts(candidate: Candidate, prefix: str) -> dict[str, object]:
    return {
        f"{prefix}level": candidate.level,
        f"{prefix}code": candidate.code,
        f"{prefix}priority": candidate.priority,
        f"{prefix}signed_on": candidate.signed_on.isoformat(),
    }


def candidate_doc(candidate: Candidate) -> dict[str, Any]:
    """A candidate as shown and as kept with a finding; JSON types but for ids and days."""
    return {
        "contract": candidate.contract,
        "number": candidate.number,
        "name": candidate.name,
        "contractor": candidate.contractor,
        "section": candidate.section,
        "section_code": candidate.section_code,
        "coverage": candidate.coverage,
        "trade": candidate.trade,
        "level": candidate.level,
        "code": candidate.code,
        "buffer_m": candidate.buffer_m,
        "priority": candidate.priority,
        "signed_on": candidate.signed_on,
        "valid_from": candidate.valid_from,
        "valid_until": candidate.valid_until,
    }


def responsible_doc(line: Responsible) -> dict[str, Any]:
    """Who answers, without person and phone: those are shown to who may read the matrix."""
    return {"responsibility": line.id, "unit": line.unit, "role": line.role, "scope": line.scope, "key": line.key, "area": line.area}


def match_doc(match: Match) -> dict[str, Any]:
    """The whole answer: winner, reason, sentence, runner-up, who acts, everything considered and what holds here on other days only."""
    return {
        "day": match.day,
        "reason": match.reason,
        "explanation": explain(match),
        "winner": candidate_doc(match.winner) if match.winner else None,
        "runner_up": candidate_doc(match.runner_up) if match.runner_up else None,
        "acting": responsible_doc(match.acting) if match.acting else None,
        "considered": [candidate_doc(candidate) for candidate in match.considered],
        "out_of_force": [candidate_doc(candidate) for candidate in match.out_of_force],
    }
