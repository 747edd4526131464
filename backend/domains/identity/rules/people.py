"""People: what a login, a name and a phone number may be."""

from __future__ import annotations

import re
import unicodedata

from backend.core.problems import Clash, Forbidden, Invalid, Missing

_LOGIN = re.compile(r"[^\W_][\w.@-]{0,63}")
_PHONE = re.compile(r"\+?[0-9][0-9 -]{3,22}[0-9]")
_NAME = 100


class PersonMissing(Missing):
    """No person with this id."""

    slug = "person_not_found"
    title = "There is no such person"
    title_zh = "人员不存在"
    way_out = "GET /api/v1/people lists the people an administrator may see."
    way_out_zh = "管理员可通过 GET /api/v1/people 查看人员。"


class PersonInvalid(Invalid):
    """A login, name or phone number that cannot be one."""

    slug = "person_invalid"
    title = "This person's data are wrong"
    title_zh = "人员信息有误"
    way_out = "Correct each field listed under errors; nothing was changed."
    way_out_zh = "请更正 errors 中列出的字段；数据未作任何改动。"


class LoginTaken(Clash):
    """Another person signs in with this login."""

    slug = "login_taken"
    title = "This login is taken"
    title_zh = "登录名已被使用"
    way_out = "Choose another login; letters are not told apart by case."
    way_out_zh = "请更换登录名；登录名不区分大小写。"


class OwnAccount(Forbidden):
    """Administrators change the accounts of others, never their own."""

    slug = "own_account"
    title = "Not on your own account"
    title_zh = "不能操作本人账号"
    way_out = "Ask another administrator."
    way_out_zh = "请由其他管理员办理。"


def folded(login: str) -> str:
    """The login as it is stored and compared: compatibility forms joined (full-width letters), case folded, outer spaces gone."""
    return unicodedata.normalize("NFKC", login).strip().casefold()


def is_login(login: str) -> bool:
    """Whether a folded text can be a login: 1 to 64 letters of any script, digits, `.`, `_`, `-`, `@`; first a letter or digit."""
    return _LOGIN.fullmatch(login) is not None


def faults_of(*, login: str, name: str, phone: str | None) -> list[tuple[str, str]]:
    """What is wrong with a person's data as (field, reason); `login` already folded."""
    faults: list[tuple[str, str]] = []
    if not is_login(login):
        faults.append(("login", "1 to 64 letters, digits, dot, underscore, hyphen or @, beginning with a letter or digit"))
    if not name.strip() or len(name) > _NAME or not name.isprintable():
        faults.append(("name", f"1 to {_NAME} printable characters"))
    if phone is not None and not _PHONE.fullmatch(phone):
        faults.append(("phone", "5 to 25 digits, spaces or hyphens, a + may lead; or empty"))
    return faults


def check_person(*, login: str, name: str, phone: str | None) -> None:
    """Raise PersonInvalid naming every wrong field."""
    faults = faults_of(login=login, name=name, phone=phone)
    if faults:
        detail = "; ".join(f"{field}: {reason}" for field, reason in faults)
        raise PersonInvalid(detail, errors=[(f"/{field}", reason) for field, reason in faults])
