"""Problems: errors with a name, a reason and a way out (RFC 9457).

A rule raises its own subclass, declared beside the rule; `core.http.problems` is the one function that turns a problem into an
answer, and `/problems/<slug>` explains each. A rejected sync operation carries the same object.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class Kind(IntEnum):
    """What sort of refusal it is; the value is the HTTP status it is answered with."""

    MALFORMED = 400
    UNAUTHENTICATED = 401
    FORBIDDEN = 403
    MISSING = 404
    METHOD = 405
    CLASH = 409
    GONE = 410
    STALE = 412
    TOO_LARGE = 413
    WRONG_MEDIA = 415
    INVALID = 422
    TOO_MANY = 429
    CHECKSUM = 460  # tus 1.0, checksum extension
    UNEXPECTED = 500
    UNAVAILABLE = 503
    FULL = 507


class Problem(Exception):
    """Base of every refusal. A subclass names itself with `slug`, which never changes once landed.

    `detail` says what is wrong with this request, naming the field; `way_out` (on the class) says what to do about it.
    `errors` lists single faults as `(json_pointer, detail)`; further keyword arguments become members of the document.
    """

    slug: ClassVar[str] = ""
    kind: ClassVar[Kind] = Kind.UNEXPECTED
    title: ClassVar[str] = ""
    title_zh: ClassVar[str] = ""
    way_out: ClassVar[str] = ""
    way_out_zh: ClassVar[str] = ""
    registry: ClassVar[dict[str, type[Problem]]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if not cls.slug or "slug" not in cls.__dict__:
            raise TypeError(f"{cls.__name__} needs a slug of its own")
        if cls.registry.setdefault(cls.slug, cls).__qualname__ != cls.__qualname__:
            raise TypeError(f"two problems share the slug {cls.slug!r}")
        cls.registry[cls.slug] = cls

    def __init__(
        self,
        detail: str,
        *,
        errors: list[tuple[str, str]] | None = None,
        headers: dict[str, str] | None = None,
        **members: object,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors or []
        self.headers = headers or {}
        self.members = members

    def document(self) -> dict[str, object]:
        """The RFC 9457 document with its words in both languages; `type` is relative to the server."""
        body: dict[str, object] = {
            "type": f"/problems/{self.slug}",
            "title": self.title,
            "status": int(self.kind),
            "detail": self.detail,
            "way_out": self.way_out,
            "title_zh": self.title_zh,
            "way_out_zh": self.way_out_zh,
            **self.members,
        }
        if self.errors:
            body["errors"] = [{"pointer": pointer, "detail": detail} for pointer, detail in self.errors]
        return body


class Malformed(Problem):
    """The bytes cannot be read as what they claim to be."""

    slug = "malformed"
    kind = Kind.MALFORMED
    title = "The request cannot be read"
    title_zh = "请求无法读取"
    way_out = "Send well-formed UTF-8 JSON (or the format the endpoint documents) and try again."
    way_out_zh = "请按接口文档发送格式正确的 UTF-8 JSON 后重试。"


class Invalid(Problem):
    """The request can be read but a field is wrong; `errors` names each field by JSON pointer."""

    slug = "invalid"
    kind = Kind.INVALID
    title = "A field is missing, unknown or wrong"
    title_zh = "字段缺失、未知或有误"
    way_out = "Correct each field listed under errors; nothing was changed."
    way_out_zh = "请更正 errors 中列出的字段；数据未作任何改动。"


class Unauthenticated(Problem):
    """No credential, or one that is unknown, expired or revoked."""

    slug = "unauthenticated"
    kind = Kind.UNAUTHENTICATED
    title = "Sign in first"
    title_zh = "请先登录"
    way_out = "Sign in again (POST /api/v1/sessions) and repeat the request; unsent work on a phone stays valid."
    way_out_zh = "请重新登录后再试；手机上未发送的工作不会失效。"


class Forbidden(Problem):
    """Known caller, but not theirs to do."""

    slug = "forbidden"
    kind = Kind.FORBIDDEN
    title = "Not yours to do"
    title_zh = "无权操作"
    way_out = "Ask somebody who holds one of the roles named, or an administrator for the role."
    way_out_zh = "请由具备所列角色的人员办理，或向管理员申请角色。"


class Missing(Problem):
    """Not there, or not visible to this caller: the two are told apart to nobody."""

    slug = "not_found"
    kind = Kind.MISSING
    title = "Not found"
    title_zh = "未找到"
    way_out = "Check the id or path; it may also be outside what your roles may see."
    way_out_zh = "请核对编号或路径；也可能不在您的可见范围内。"


class MethodNotAllowed(Problem):
    """The path exists, the method does not."""

    slug = "method_not_allowed"
    kind = Kind.METHOD
    title = "Method not allowed here"
    title_zh = "不支持该请求方法"
    way_out = "Use one of the methods in the Allow header."
    way_out_zh = "请使用 Allow 响应头中列出的方法。"


class Clash(Problem):
    """The request contradicts what is already there."""

    slug = "clash"
    kind = Kind.CLASH
    title = "It contradicts what is already there"
    title_zh = "与现有数据冲突"
    way_out = "Fetch the present state and decide again."
    way_out_zh = "请获取最新状态后再决定。"


class NotYet(Clash):
    """Something this refers to has not arrived here, but still may: a phone's operation waits for it instead of being refused.

    `awaits` names what is missing as `type:id`.
    """

    slug = "not_yet"
    title = "It refers to something that has not arrived"
    title_zh = "所引用的对象尚未到达"
    way_out = "Send what it refers to; an operation pushed by a phone is kept and taken up by itself once that has arrived."
    way_out_zh = "请先发送被引用的对象；手机推送的操作已保存，待其到达后会自动处理。"

    def __init__(self, detail: str, *, awaits: str) -> None:
        super().__init__(detail, awaits=awaits)
        self.awaits = awaits


class IdTaken(Clash):
    """A client-made id that something else already has; nothing of the other is shown."""

    slug = "id_taken"
    title = "This id belongs to something else"
    title_zh = "该编号已被占用"
    way_out = "Make a new id and send the record again under it."
    way_out_zh = "请生成新的编号后重新发送。"


class TooLarge(Problem):
    """Over a stated limit; `limits` repeats it. Of a single line that is too long the hash and the beginning are kept, else nothing."""

    slug = "too_large"
    kind = Kind.TOO_LARGE
    title = "Too large"
    title_zh = "超出大小限制"
    way_out = "Send less at once: the limits are in this document and in GET /api/v1/sync/hello."
    way_out_zh = "请减少单次发送量；限制见本文档及 GET /api/v1/sync/hello。"


class WrongMedia(Problem):
    """The Content-Type or Content-Encoding is not one the endpoint takes."""

    slug = "unsupported_media_type"
    kind = Kind.WRONG_MEDIA
    title = "This media type is not accepted here"
    title_zh = "不支持该内容类型"
    way_out = "Send the Content-Type named in the detail."
    way_out_zh = "请使用说明中列出的内容类型。"


class Unexpected(Problem):
    """A fault of ours; the request id finds it in the log."""

    slug = "unexpected"
    kind = Kind.UNEXPECTED
    title = "Something went wrong on our side"
    title_zh = "服务器内部错误"
    way_out = "Try again later; if it stays, report the request id."
    way_out_zh = "请稍后重试；如仍出现，请报告请求编号。"


class Unavailable(Problem):
    """The server cannot answer just now."""

    slug = "unavailable"
    kind = Kind.UNAVAILABLE
    title = "Not available just now"
    title_zh = "服务暂不可用"
    way_out = "Wait as long as Retry-After says and repeat the request; it is safe to repeat."
    way_out_zh = "请按 Retry-After 等待后重试；重复请求是安全的。"
