"""Sync from the command line: `flask --app app sync verify`, `… sync new-epoch`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import click
import orjson
from flask import current_app
from flask.cli import AppGroup

from backend.core import act as acts
from backend.core.act import SYSTEM
from backend.core.config import Settings
from backend.core.perform import perform, reading
from backend.domains.evidence.outside.stores import open_store
from backend.domains.sync.actions import epoch
from backend.domains.sync.judging.replaying.check import check_replay
from backend.domains.sync.judging.replaying.target import empty_database
from backend.domains.sync.queries.verify.every import GRACE, verify
from backend.domains.sync.queries.verify.photos import Bytes
from backend.domains.sync.queries.verify.report import Report
from backend.entrypoints.cli import operator

group = AppGroup("sync", help="Sync. 同步。")

_TITLES = {
    "operations": "operations kept 已保存操作",
    "outcomes": "outcomes 处理结果",
    "findings": "findings 案件",
    "dispatches": "dispatches 派遣单",
    "patrols": "patrols 巡查",
    "photos": "photos 照片",
    "photos_promised": "photos declared and not arrived 已申报未到照片",
    "blobs_looked_for": "photo files looked for 已核对照片文件",
    "replicas": "replicas 终端副本",
    "holes": "holes a phone may still fill 待补序号",
    "voids": "voids explained 已说明空号",
    "beside": "lines kept beside 另存行",
    "unjudged_yet": "kept this minute, not judged yet 刚收到待处理",
    "held_back": "held back until an administrator confirms 待管理员确认",
    "waiting_over_72_hours": "waiting over 72 h 等待超过72小时",
    "journal": "journal entries 流水",
    "deeds": "deeds of desk and worker 后台操作",
}


@group.command("verify")
@click.option("--replay/--no-replay", default=True, show_default=True, help="I7: do everything again in an empty database and compare.")
@click.option("--deep", is_flag=True, help="Read and hash every photo in the store, too.")
@click.option("--settled", is_flag=True, help="Nothing is being pushed: a line of the last minute without an outcome is a violation, too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of lines.")
def verify_command(*, replay: bool, deep: bool, settled: bool, as_json: bool) -> None:
    """Check that nothing is lost, doubled or changed: invariants I1 to I7, counts, and every violation. Status 1 if any (核验).

    Reads one moment of the database that `scripts/serve` serves, while it serves. Takes about two minutes for 100,000 operations,
    most of it the replay.
    """
    settings: Settings = current_app.extensions["linping.settings"]
    store = open_store(settings.blob_store, settings.data_folder)
    session, now = operator.session(), acts.begin(SYSTEM).at
    tell = None if as_json or not sys.stderr.isatty() else _tell
    with reading(session, snapshot=True) as source:
        report = verify(source, now=now, store=Bytes(store.size, store.open if deep else None), grace=GRACE * 0 if settled else GRACE)
        if replay:
            with empty_database(settings.data_folder) as target:
                check_replay(report, source, target, progress=tell)
    for line in [_document(report)] if as_json else _lines(report):
        click.echo(line)
    if report.totals:
        sys.exit(1)


@group.command("new-epoch")
def new_epoch_command() -> None:
    """Declare that this database is another incarnation than the phones knew (声明新的数据版本).

    After a backup was put back by other means than `database restore`: every phone starts its first sync again and resends what it sent
    since that backup.
    """
    after = perform(operator.session(), acts.begin(SYSTEM), epoch.new_epoch)
    click.echo(
        f"epoch {after}: phones pull everything anew and resend what is missing. 已启用新的数据版本，手机将重新同步并补发缺失的操作。"
    )


def _tell(done: int) -> None:
    click.echo(f"\r{done} acts done again 已重放", err=True, nl=False)


def _document(report: Report) -> str:
    body = {
        "clean": not report.totals,
        "counts": report.counts,
        "totals": dict(report.totals),
        "violations": [violation._asdict() for violation in report.violations],
    }
    return orjson.dumps(body, option=orjson.OPT_INDENT_2).decode()


def _lines(report: Report) -> Iterator[str]:
    counts = report.counts
    for name, title in _TITLES.items():
        yield f"{title}: {_value(counts[name])}"
    outbox = counts["outbox"]
    yield f"still on phones at their last contact 终端最后联系时未发送: {outbox['operations']} on {outbox['replicas']} phones"
    for gap in counts["replicas_with_holes"][:20]:
        yield f"  replica {gap['replica']}: {gap['missing']} missing above {gap['acked_through']}, highest {gap['highest']}"
    for photo in counts["photos_promised_oldest"][:20]:
        yield f"  photo {photo['photo']} of {photo['subject']}: promised by {photo['owner']} {photo['days']} days ago"
    if "replay" in counts:
        yield from _replayed(counts["replay"])
    for violation in report.violations:
        yield f"{violation.invariant} violated 违反: {violation.subject}: {violation.detail}"
    for invariant, number in sorted(report.totals.items()):
        shown = sum(violation.invariant == invariant for violation in report.violations)
        if number > shown:
            yield f"{invariant}: {number - shown} more 另有 {number - shown} 处"
    yield "clean 核验通过" if not report.totals else f"{report.totals.total()} violations 发现 {report.totals.total()} 处违反"


def _replayed(counts: dict[str, Any]) -> Iterator[str]:
    yield f"done again 重放: {counts['operations']} operations, {counts['deeds']} deeds"
    if counts["acts_before_deeds_were_kept"]:
        yield (
            f"acts of an earlier version of the system, which kept no deeds and had other rules: {counts['acts_before_deeds_were_kept']}; "
            f"left out are {counts['left_out']} entities and {counts['acts_about_left_out']} later acts about them. "
            f"升级前的操作 {counts['acts_before_deeds_were_kept']} 条无后台记录且规则不同，"
            f"涉及的 {counts['left_out']} 项及其后 {counts['acts_about_left_out']} 条操作不参与比对"
        )
    if counts["differs_by_later_reference_data"]:
        number = counts["differs_by_later_reference_data"]
        yield f"differ because reference data changed since 因基础数据后来变更而不同: {number}"
    for table, digest in counts["digests"].items():
        yield f"  {table}: {digest}"


def _value(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    return ", ".join(f"{name} {number}" for name, number in value.items() if number) or "none 无"
