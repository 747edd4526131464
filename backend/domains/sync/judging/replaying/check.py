"""I7: the verdict on a replay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy.orm import Session

from backend.domains.sync.judging.replaying.again import Replayed, replay
from backend.domains.sync.judging.replaying.digests import Difference, differences, first_told, replay_digest
from backend.domains.sync.queries.verify.report import Report, Violation


def check_replay(report: Report, source: Session, target: Session, *, progress: Callable[[int], object] | None = None) -> None:
    """Replay the source, a snapshot, into the empty target, and add to the report what differs.

    What was done before reference data last changed is judged by today's data in a replay: where it, or what was done later about the
    same finding or patrol, comes out otherwise, that is counted and not held against anybody. What acts of before deeds were kept
    touched is left out, and counted.
    """
    done = replay(source, target, progress=progress)
    digest, again = (replay_digest(session, left_out=done.left_out) for session in (source, target))
    doubtful = [0]
    report.take(_violations(source, target, done, doubtful, equal=digest == again))
    report.counts["replay"] = {
        "operations": done.operations,
        "deeds": done.deeds,
        "acts_before_deeds_were_kept": done.before_deeds,
        "left_out": len(done.left_out),
        "acts_about_left_out": done.about_left_out,
        "not_done_again": done.failed,
        "differs_by_later_reference_data": doubtful[0],
        "digests": digest,
    }


def _violations(source: Session, target: Session, done: Replayed, doubtful: list[int], *, equal: bool) -> Iterator[Violation]:

    def doubted(subject: str) -> bool:
        return 0 < first_told(source, target, subject) < done.reference_changed

    for fault in done.faults:
        if fault.seq < done.reference_changed or any(map(doubted, fault.subjects)):
            doubtful[0] += 1
        else:
            yield Violation("I7", f"journal {fault.seq}", f"{fault.what} could not be done again: {fault.detail}")
    if equal:
        return
    first = next((each for each in done.told_otherwise if each.seq > done.reference_changed and not any(map(doubted, each.subjects))), None)
    if first is not None:
        yield Violation("I7", f"journal {first.seq}", f"{first.what} is the first that went otherwise: {first.detail}")
    for each in differences(source, target, left_out=done.left_out):
        if doubted(each.owner):
            doubtful[0] += 1
        else:
            yield Violation("I7", f"{each.table} {each.key}", _told(each))


def _told(each: Difference) -> str:
    fields = "; ".join(f"{name}: {_short(here)}, replayed {_short(there)}" for name, (here, there) in each.fields.items())
    return f"{each.what}: {fields}" if fields else each.what


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"
