"""The application, made to die at named points: `gunicorn tests.make.dying_app:app`, `flask --app tests.make.dying_app worker`.

No hook in the product: this module wraps functions where their callers look them up. Whoever passes an armed point for the n-th time
kills its whole process group with SIGKILL, as when the power goes. A point is armed by the file `die-at` in the folder DYING_FOLDER, with
the name of the point and the count; the file goes with the process that died of it.
"""

from __future__ import annotations

import functools
import os
import signal
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from app import app
from backend.core import journal
from backend.domains.evidence.actions import uploads
from backend.domains.findings.actions import follow
from backend.domains.notifications.actions import delivering
from backend.domains.sync.api import pull, push
from backend.domains.sync.judging import judge
from backend.entrypoints.worker import deliveries
from tests.make.dying import POINTS

FOLDER = Path(os.environ["DYING_FOLDER"])

_lock = threading.Lock()
_passed: dict[str, int] = {}


def pass_point(name: str) -> None:
    """Die here if this point is armed and its count has come."""
    order = FOLDER / "die-at"
    try:
        text = order.read_text("ascii")
    except FileNotFoundError:
        return
    point, number, count = text.split()
    if point != name:
        return
    with _lock:
        key = f"{name} {number}"
        _passed[key] = _passed.get(key, 0) + 1
        if _passed[key] >= int(count):
            order.rename(FOLDER / "died-at")
            die()


def die() -> NoReturn:
    """As when the power goes: the whole process group, at once."""
    os.killpg(os.getpgrp(), signal.SIGKILL)
    raise AssertionError("unreachable")


def _wrap(module: ModuleType, function: str, point: str, *, before: bool = False) -> None:
    assert point in POINTS
    inner: Callable[..., Any] = getattr(module, function)

    @functools.wraps(inner)
    def outer(*given: Any, **named: Any) -> Any:
        if before:
            pass_point(point)
        result = inner(*given, **named)
        if not before:
            pass_point(point)
        return result

    setattr(module, function, outer)


_wrap(push, "judge", "kept", before=True)
_wrap(push, "judge", "judged")
_wrap(judge, "_judge_one", "in_operation")
_wrap(journal, "seal", "sealed")
_wrap(pull.feed, "pull_page", "page")
_wrap(uploads, "store_blob", "blob_moved", before=True)
_wrap(uploads, "append_upload", "offset_moved", before=True)
_wrap(follow, "settle_evidence", "reaction")
_wrap(follow, "advance_finding", "reaction")
_wrap(delivering, "compose_digest", "digest")
_wrap(deliveries.queries, "parcel_of", "delivery_taken", before=True)
_wrap(delivering, "settle_delivery", "delivery_sent", before=True)

_inner_wsgi = app.wsgi_app


def _wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    answer: Iterable[bytes] = _inner_wsgi(environ, start_response)
    if environ["REQUEST_METHOD"] in {"POST", "PUT", "PATCH"}:
        pass_point("answer")
    return answer


app.wsgi_app = _wsgi  # type: ignore[method-assign]
