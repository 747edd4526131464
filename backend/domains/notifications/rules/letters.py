"""What mails say, in the language of who reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from backend.domains.notifications.rules.kinds import Words
from backend.domains.notifications.rules.preferences import code_of

_FOOT = {
    "zh": "此邮件由街面巡查系统自动发送，请勿回复。可在“消息设置”中调整接收方式。",
    "en": "Sent by the street inspection system; please do not reply. The notification settings say what is mailed to you.",
}


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail's subject and plain text."""

    subject: str
    text: str


def letter(words: Words, language: str) -> Letter:
    """The mail of one message."""
    title, text = _in(words, language)
    return Letter(title, f"{title}\n\n{text}\n\n-- \n{_FOOT[language]}\n" if text else f"{title}\n\n-- \n{_FOOT[language]}\n")


def digest(lines: Sequence[Words], language: str) -> Letter:
    """The daily mail of these messages."""
    said = [_in(each, language) for each in lines]
    subject = f"未读消息 {len(said)} 条" if language == "zh" else f"{len(said)} unread message{'' if len(said) == 1 else 's'}"
    items = "\n".join(f"• {title}\n  {text}" if text else f"• {title}" for title, text in said)
    return Letter(subject, f"{subject}\n\n{items}\n\n-- \n{_FOOT[language]}\n")


def confirmation(secret_key: str, token: UUID, language: str) -> Letter:
    """The mail with the code that confirms an address."""
    code = code_of(secret_key, token)
    if language == "zh":
        return Letter(f"邮箱验证码 {code}", f"您的邮箱验证码是 {code}。\n\n如非本人操作，请忽略此邮件。\n\n-- \n{_FOOT['zh']}\n")
    said = f"The code that confirms your e-mail address is {code}.\n\nIf you did not ask for it, ignore this mail.\n\n-- \n{_FOOT['en']}\n"
    return Letter(f"Your code is {code}", said)


def _in(words: Words, language: str) -> tuple[str, str]:
    return (words.title_zh, words.text_zh) if language == "zh" else (words.title, words.text)
