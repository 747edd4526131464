"""Which language a page is in: Chinese unless the reader or the browser wants English. English is in the code, Chinese in translations/."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, Response, request
from flask_babel import Babel, Domain, get_locale

LANGUAGES = ("zh", "en")
COOKIE = "lang"
CATALOGUES = Path(__file__).parent / "translations"
_YEAR_S = 365 * 24 * 3600


@cache
def catalogue(language: str) -> NullTranslations:
    """The words of this language, read from its .po file: text in the repository, so that a fresh clone needs no compiling."""
    path = CATALOGUES / language / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return Translations(compiled)


class _Words(Domain):
    """Flask-Babel's domain over the .po files."""

    def get_translations(self) -> Any:
        return catalogue(language())


class _Babel(Babel):
    """Flask-Babel with our domain."""

    domain_instance = _Words()


def language() -> str:
    """The language of this request, `zh` or `en`."""
    locale = get_locale()
    return locale.language if locale and locale.language in LANGUAGES else LANGUAGES[0]


def chosen() -> str:
    """`?lang=`, else what the reader chose before, else the browser's first that we have, else Chinese."""
    for wish in (request.args.get("lang"), request.cookies.get(COOKIE)):
        if wish in LANGUAGES:
            return wish
    return request.accept_languages.best_match(LANGUAGES, default=LANGUAGES[0])


def install(app: Flask) -> None:
    """Tie Flask-Babel to the application, and remember the reader's choice on pages."""
    _Babel(app, default_locale=LANGUAGES[0], default_timezone="Asia/Shanghai", locale_selector=chosen)

    @app.after_request
    def _remember(response: Response) -> Response:
        if response.mimetype == "text/html":
            response.headers.add("Vary", "Accept-Language, Cookie")
            response.headers["Content-Language"] = language()
            if (wish := request.args.get("lang")) in LANGUAGES:
                response.set_cookie(COOKIE, wish, max_age=_YEAR_S, httponly=True, samesite="Lax", secure=request.is_secure)
        return response
