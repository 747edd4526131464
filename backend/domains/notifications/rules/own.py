"""Kinds of message that this domain sends itself."""

from __future__ import annotations

from backend.domains.notifications.rules.kinds import Kind, Sentence

WEBHOOK_DISABLED = Kind(
    "webhook.disabled",
    Sentence("回调地址“{name}”已停用", "The webhook “{name}” was disabled"),
    (
        Sentence("连续 {failures} 次推送失败，不再向其推送消息。", "{failures} posts in a row failed; nothing is posted to it any more."),
        Sentence("最近一次失败：{fault}。", "The last failure: {fault}."),
        Sentence(
            "请修复接收端后重新启用；停用期间的消息可在站内查看。", "Mend the receiver and enable it again; the inbox has what it missed."
        ),
    ),
    channels=("in_app", "email"),
)

EMAIL_REFUSED = Kind(
    "email.refused",
    Sentence("您的邮箱拒收邮件", "Your e-mail address refuses mail"),
    (
        Sentence("邮件服务器的答复：{fault}。", "The mail server said: {fault}."),
        Sentence("请更正邮箱并重新验证，在此之前不再发送邮件。", "Correct the address and confirm it again; nothing is mailed until then."),
    ),
    channels=("in_app",),
)

KINDS = (WEBHOOK_DISABLED, EMAIL_REFUSED)
