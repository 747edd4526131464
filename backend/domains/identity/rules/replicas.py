"""Replicas: one local store of one person; which of them may register and what a revoked one is told."""

from __future__ import annotations

from typing import Literal

from backend.core.problems import Clash, Forbidden, Invalid, Missing

State = Literal["active", "revoked"]
_TEXT = 100
_SCHEMA_MAX = 32_767


class ReplicaMissing(Missing):
    """No replica with this id, or none this caller may see."""

    slug = "replica_not_found"
    title = "There is no such replica"
    title_zh = "终端副本不存在"
    way_out = "GET /api/v1/replicas lists your own; a phone that lost its replica registers anew with POST /api/v1/replicas."
    way_out_zh = "可通过 GET /api/v1/replicas 查看本人的终端副本；手机可通过 POST /api/v1/replicas 重新登记。"


class ReplicaTaken(Clash):
    """The proposed id belongs to another store: of somebody else, or of another installation of the same person."""

    slug = "replica_taken"
    title = "This replica id belongs to another store"
    title_zh = "该副本编号属于其他终端"
    way_out = "Register again without `replica`, take the id in the answer, renumber from its next_seq and resend what is unsettled."
    way_out_zh = "请去掉 replica 重新登记，采用返回的编号，从 next_seq 起重新编号并重发未完结的操作。"


class ReplicaWipe(Forbidden):
    """The replica was revoked: the phone deletes what it holds of others, after handing over what is unsent."""

    slug = "replica_wipe"
    title = "This phone's access was withdrawn"
    title_zh = "该终端的访问权限已被撤销"
    way_out = "Push what is unsent (it is kept), then delete the local store. To work again, re-install and register as a new store."
    way_out_zh = "请先推送未发送的数据（会被保留），再删除本地数据；如需继续使用，请重新安装并登记为新终端。"


class RegistrationInvalid(Invalid):
    """The description of a store that registers is wrong."""

    slug = "registration_invalid"
    title = "This store cannot be registered"
    title_zh = "终端登记信息有误"
    way_out = "Correct each field listed under errors."
    way_out_zh = "请更正 errors 中列出的字段。"


def check_registration(*, install_id: str, platform: str, app_version: str, schema: int) -> None:
    """Raise RegistrationInvalid naming every wrong field: texts of 1 to 100 printable characters, `schema` 1 to 32,767."""
    errors = [
        (f"/{field}", f"1 to {_TEXT} printable characters")
        for field, value in (("install_id", install_id), ("platform", platform), ("app_version", app_version))
        if not 1 <= len(value) <= _TEXT or not value.isprintable()
    ]
    if not 1 <= schema <= _SCHEMA_MAX:
        errors.append(("/schema", f"1 to {_SCHEMA_MAX}"))
    if errors:
        raise RegistrationInvalid("; ".join(f"{pointer[1:]}: {text}" for pointer, text in errors), errors=errors)
