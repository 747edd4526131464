"""The pages: the front page, the API's documentation, the problems."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, send_from_directory
from swagger_ui_bundle import swagger_ui_path

from backend.core.http.callers import here, public
from backend.core.http.settings import settings
from backend.core.problems import Missing
from backend.entrypoints.cli.demo import cast
from backend.entrypoints.web import state, words
from backend.entrypoints.web.language import LANGUAGES, language
from backend.entrypoints.web.problems import Explained, explained

blueprint = Blueprint("web", __name__, template_folder="templates", static_folder="static", static_url_path="/static")
SWAGGER_FILES = ("swagger-ui.css", "swagger-ui-bundle.js")
_DAY_S = 24 * 3600


@blueprint.context_processor
def _everywhere() -> dict[str, Any]:
    return {"language": language(), "languages": LANGUAGES, "here": request.path, "words": words}


@blueprint.get("/")
@public
def show_home() -> str:
    """What this is, how it is, where to go on. Totals only: everybody may read it."""
    _, act = here()
    now = state.lately(settings(), at=act.at)
    people = [(person.login, person.roles) for person in cast.PEOPLE] if now.demo else []
    return render_template("home.html", state=now, people=people, password=cast.PASSWORD if now.demo else None, at=act.at)


@blueprint.get("/api/docs")
@public
def show_docs() -> str:
    """The API to read and to try."""
    return render_template("docs.html")


@blueprint.get("/api/docs/assets/<name>")
@public
def send_swagger(name: str) -> Response:
    """Swagger UI as its package brings it."""
    if name not in SWAGGER_FILES:
        raise Missing(f"no file {name!r} here")
    return send_from_directory(swagger_ui_path, name, max_age=_DAY_S)


@blueprint.get("/problems/")
@public
def list_problems() -> str:
    """Every problem an answer may name."""
    return render_template("problems.html", problems=explained())


@blueprint.get("/problems/<slug>")
@public
def show_problem(slug: str) -> Response:
    """What one problem means and the way out."""
    known: dict[str, Explained] = {each.slug: each for each in explained()}
    if slug not in known:
        return make_response(render_template("problems.html", problems=list(known.values()), unknown=slug), Missing.kind)
    return make_response(render_template("problem.html", problem=known[slug]))
