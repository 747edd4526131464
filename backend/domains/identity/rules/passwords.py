"""Passwords: what a good one is, and the bytes of one that are hashed."""

from __future__ import annotations

import unicodedata

from backend.core.problems import Clash, Invalid, Unauthenticated

SHORTEST = 10
LONGEST = 200

# Those long enough to pass the length rule among the passwords that lists of leaked ones are topped by, and the local habits.
COMMON = frozenset(
    {
        "1234567890",
        "0123456789",
        "0987654321",
        "9876543210",
        "12345678910",
        "123456789a",
        "a123456789",
        "1q2w3e4r5t",
        "1q2w3e4r5t6y",
        "1qaz2wsx3edc",
        "q1w2e3r4t5",
        "qwertyuiop",
        "qwerty12345",
        "qwerty123456",
        "asdfghjkl1",
        "password12",
        "password123",
        "password1234",
        "passw0rd123",
        "administrator",
        "admin12345",
        "admin123456",
        "admin@12345",
        "changeme123",
        "iloveyou123",
        "letmein1234",
        "welcome123",
        "welcome1234",
        "abcdefghij",
        "abc1234567",
        "abcd123456",
        "abc123456789",
        "woaini1314",
        "woaini1314520",
        "5201314520",
        "1314520520",
        "qq123456789",
        "wang123456",
        "zhang123456",
        "linping123",
        "linping2026",
        "yuhang123456",
        "hangzhou123",
    }
)


class PasswordWeak(Invalid):
    """A new password that is too short, too long, the login, too common or the present one."""

    slug = "password_weak"
    title = "This password is not good enough"
    title_zh = "密码强度不足"
    way_out = f"Choose {SHORTEST} to {LONGEST} characters: not the login, not a common password, not the present one. Three words do."
    way_out_zh = f"请使用 {SHORTEST} 至 {LONGEST} 个字符，且不得为登录名、常见密码或当前密码；三个词语即可。"


class PasswordWrong(Invalid):
    """The present password given to change it is not the present one."""

    slug = "password_wrong"
    title = "The present password is wrong"
    title_zh = "当前密码错误"
    way_out = "Type the present password again; an administrator can give a new one-time password."
    way_out_zh = "请重新输入当前密码；忘记时可由管理员重置。"


class LoginRefused(Unauthenticated):
    """Unknown login, wrong password or disabled account: told apart to nobody."""

    slug = "login_refused"
    title = "Login or password is wrong"
    title_zh = "登录名或密码错误"
    way_out = "Check both; after five failures the login is locked for 15 minutes. An administrator can give a new one-time password."
    way_out_zh = "请核对后重试；连续失败五次将锁定 15 分钟。忘记密码可由管理员重置。"


class PasswordChanged(Clash):
    """The password was changed by somebody else while it was being checked."""

    slug = "password_changed_meanwhile"
    title = "The password has just been changed"
    title_zh = "密码刚刚已被修改"
    way_out = "Use the new password."
    way_out_zh = "请使用新密码。"


def prepared(password: str) -> bytes:
    """The bytes that are hashed: NFKC, so that every keyboard types the same password; text no encoder takes still gives bytes."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def check_password(password: str, *, login: str) -> None:
    """Raise PasswordWeak unless it has 10 to 200 characters and is neither the login, nor one character, nor a common password."""
    text = unicodedata.normalize("NFKC", password)
    plain = text.strip().casefold()
    fault = None
    if not SHORTEST <= len(text) <= LONGEST:
        fault = f"{len(text)} characters; {SHORTEST} to {LONGEST} are wanted"
    elif plain == login.casefold() or plain.removesuffix(login.casefold()).removeprefix(login.casefold()) == "":
        fault = "it is the login"
    elif len(set(plain)) < 4:
        fault = "it repeats too few characters"
    elif plain in COMMON:
        fault = "it is among the most common passwords"
    if fault:
        raise PasswordWeak(f"new: {fault}", errors=[("/new", fault)])
