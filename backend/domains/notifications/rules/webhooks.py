"""Webhooks: secrets, signatures (Standard Webhooks 1.0: id, timestamp, HMAC-SHA256), and where they may lead."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address
from uuid import UUID

from backend.core.problems import Clash, Invalid, Missing

MOST = 5
"""Webhooks a person."""
URL_LENGTH = 2000
GRACE = dt.timedelta(hours=24)
"""For how long after a rotation the former secret signs beside the new one."""
OWNERS = (
    "contractor_manager",
    "department_officer",
    "town_officer",
    "acceptor",
    "shift_leader",
    "dispatcher",
    "assessor",
    "leader",
    "administrator",
)
"""Who may have messages posted to a machine: those who answer for a unit's work."""
_LOCAL = ("localhost", "localhost.localdomain", "ip6-localhost")


class WebhookMissing(Missing):
    """No webhook with this id among one's own."""

    slug = "webhook_not_found"
    title = "There is no such webhook"
    title_zh = "回调地址不存在"
    way_out = "GET /api/v1/webhooks lists your own."
    way_out_zh = "可通过 GET /api/v1/webhooks 查看本人的回调地址。"


class WebhookTarget(Invalid):
    """An address to which nothing may be posted."""

    slug = "webhook_target"
    title = "Nothing may be posted to this address"
    title_zh = "该回调地址不可用"
    way_out = (
        "Name an https:// address on the internet, without user, password and fragment. Private addresses and http:// need the operator's "
        "setting PRIVATE_WEBHOOKS=1."
    )
    way_out_zh = "请填写互联网上的 https:// 地址，不含用户名、密码与 # 片段；内网地址和 http:// 须由运维人员设置 PRIVATE_WEBHOOKS=1。"


class TooManyWebhooks(Clash):
    """A person has a few webhooks, not many."""

    slug = "too_many_webhooks"
    title = "There are as many webhooks as there may be"
    title_zh = "回调地址数量已达上限"
    way_out = "Delete one that is not needed any more; one webhook can receive every kind of message."
    way_out_zh = "请先删除不再需要的回调地址；一个回调地址即可接收全部类别的消息。"


class WebhookOff(Clash):
    """The webhook is disabled: nothing is posted to it."""

    slug = "webhook_disabled"
    title = "The webhook is disabled"
    title_zh = "该回调地址已停用"
    way_out = "Mend the receiver (`last_fault` says what was wrong), then POST /api/v1/webhooks/{id}/enabling."
    way_out_zh = "请先修复接收端（last_fault 显示失败原因），再调用 POST /api/v1/webhooks/{id}/enabling。"


def secret_of(secret_key: str, secret: UUID) -> str:
    """The secret as its receiver keeps it: `whsec_` and 32 bytes in base64. It follows from the installation's key; stored nowhere."""
    known = hmac.new(secret_key.encode(), b"webhook secret:" + secret.bytes, hashlib.sha256).digest()
    return f"whsec_{base64.b64encode(known).decode()}"


def signature(secret: str, *, message_id: str, timestamp: int, body: bytes) -> str:
    """One signature: `v1,` and the HMAC-SHA256 of `id.timestamp.body` in base64."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    known = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(known).decode()}"


def headers(secrets: Iterable[str], *, message_id: str, at: dt.datetime, body: bytes) -> dict[str, str]:
    """The three headers; the signatures of all secrets in force, parted by spaces."""
    timestamp = int(at.timestamp())
    signed = [signature(each, message_id=message_id, timestamp=timestamp, body=body) for each in secrets]
    return {"webhook-id": message_id, "webhook-timestamp": str(timestamp), "webhook-signature": " ".join(signed)}


def check_target(scheme: str, host: str | None, *, userinfo: bool, fragment: bool, private: bool) -> None:
    """Refuse an address to which nothing may be posted, as far as the address itself tells; names are looked up when it is sent.

    `private`: the setting allows http and addresses that are not on the internet. Raises WebhookTarget.
    """
    why = None
    if scheme not in ("https", "http") or not host:
        why = "an https:// address with a host"
    elif userinfo or fragment:
        why = "no user, password or fragment"
    elif not private and scheme != "https":
        why = "https only"
    elif not private and (host.rstrip(".").lower() in _LOCAL or _is_private_literal(host)):
        why = "not on the internet"
    if why is not None:
        raise WebhookTarget(f"url: {why}", errors=[("/url", why)])


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet: no private, local, multicast or reserved one, nor one that carries such in it."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        inner = _inner(found)
        if inner is not None:
            return _is_global(inner)
    return _is_global(found)


def _inner(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that translators and tunnels would reach by this one: mapped, NAT64, 6to4, Teredo."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address.sixtofour is not None:
        return address.sixtofour
    return address.teredo[1] if address.teredo is not None else None


class _Nat64:
    """64:ff9b::/96 (RFC 6052)."""

    _PREFIX = int(IPv6Address("64:ff9b::")) >> 32

    def __contains__(self, address: IPv6Address) -> bool:
        return int(address) >> 32 == self._PREFIX


_NAT64 = _Nat64()


def _is_global(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not address.is_multicast and not address.is_reserved


def _is_private_literal(host: str) -> bool:
    try:
        return not is_public(host)
    except ValueError:
        return False
