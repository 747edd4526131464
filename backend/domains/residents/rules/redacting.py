"""Personal numbers in free text, and masks for names and phone numbers.

People write their phone number into the text, whatever the form says. A finding is read by contractors, kept for ever and done again from
its deed: so the numbers are taken out of it, every one of them, and the text as it was sent stays with the report until it is erased.
Names cannot be told from other words: the form asks for them elsewhere.
"""

from __future__ import annotations

import re

REMOVED = "[***]"
_SEPARATOR = r"[ \t.\-–—_()]{0,2}"
_WIDE = {0xFF01 + n: chr(0x21 + n) for n in range(94)} | {ord("　"): " "}
"""Full-width letters, digits and signs to ASCII's."""
_GAP = r"[\s\-–—_()/\\|,.、。;:·•~+=&#]{0,4}"
"""Whatever parts three and four and four digits, or eleven: nothing else is written so."""
_NUMERAL = "[0-9零〇○一幺壹二贰三叁四肆五伍六陆七柒八捌九玖⓪①②③④⑤⑥⑦⑧⑨]"
_ONE, _THREE_TO_NINE = "[1一幺壹①]", "[3-9三叁四肆五伍六陆七柒八捌九玖③④⑤⑥⑦⑧⑨]"


def _digits(first: str, count: str) -> str:
    """As many digits after the first, however they are spaced out."""
    return rf"{first}(?:{_SEPARATOR}\d){{{count}}}"


_MAIL = r"[\w.%+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"
_IDENTITY = rf"(?<!\d)\d{{6}}{_SEPARATOR}\d{{8}}{_SEPARATOR}\d{{3}}[\dXx](?![\dA-Za-z])"  # resident identity card (GB 11643)
_CARD = r"(?<!\d)\d{4}(?:[ -]?\d{4}){3}(?:[ -]?\d{1,3})?(?!\d)"
_MOBILE = rf"(?<!\d)(?:(?:\+|00)?86{_SEPARATOR})?" + _digits(rf"1{_SEPARATOR}[3-9]", "9") + r"(?!\d)"
_WRITTEN = (
    rf"(?<!\d){_ONE}(?:{_SEPARATOR}{_THREE_TO_NINE}(?:{_SEPARATOR}{_NUMERAL}){{9}}"
    rf"|{_THREE_TO_NINE}{_NUMERAL}{_GAP}{_NUMERAL}{{4}}{_GAP}{_NUMERAL}{{4}}"
    rf"|{_GAP}{_THREE_TO_NINE}(?:{_GAP}(?<!\d){_NUMERAL}){{9}})(?!\d)"
)  # a mobile number in Chinese numerals, or parted by other signs
_LANDLINE = rf"(?<!\d)\(?0\d{{2,3}}\)?{_SEPARATOR}" + _digits("[2-9]", "6,7") + r"(?!\d)"  # with its area code
_ABROAD = _digits(r"\+\d", "7,14") + r"(?!\d)"
_CHAT = (
    r"(?i:(?:微信|威信|薇信|vx|wechat|weixin|qq|扣扣)(?:号码|号|id)?[ :]{0,3}"
    r"|(?<![A-Za-z])wx(?:号码|号|id)?[ :_]{1,3}|加我?v(?:信|号)?[ :]{0,3})[A-Za-z0-9][\w-]{4,19}"
)
_PERSONAL = re.compile(f"{_MAIL}|{_IDENTITY}|{_CARD}|{_MOBILE}|{_WRITTEN}|{_LANDLINE}|{_ABROAD}|{_CHAT}", re.ASCII)


def redact(text: str) -> str:
    """The text without phone, card and identity numbers and addresses of mail and chat.

    Also where they are in full-width digits or spaced out, mobile numbers also in Chinese numerals. Never longer than it was.
    A case number, a lamp post's or a house's number is too short to be taken for one.
    """
    kept, end = [], 0
    for found in _PERSONAL.finditer(text.translate(_WIDE)):  # one character for one: places in the two are the same
        kept += [text[end : found.start()], REMOVED]
        end = found.end()
    return "".join([*kept, text[end:]])


def mask_name(name: str | None) -> str | None:
    """The first character, then at most three stars: 张* for 张三."""
    if not name:
        return None
    return name[0] + "*" * max(1, min(3, len(name) - 1))


def mask_phone(phone: str | None) -> str | None:
    """Of a number of eleven digits and more the first three and the last two; of a shorter one the last two."""
    if not phone:
        return None
    digits = [each for each in phone if each.isdigit()]
    first = "".join(digits[:3]) if len(digits) >= 11 else ""
    return first + "*" * (len(digits) - len(first) - 2) + "".join(digits[-2:])
