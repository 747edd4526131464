"""Uploads by a foreign client through a bad line, and the proof that each arrived whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from scripts.foreign_clients import ground
from scripts.foreign_clients.pictures import Picture, draw
from scripts.foreign_clients.tally import Tally
from tests.make.bad_line import BadLine, Mix

Carry = Callable[[str, str, Sequence[Picture]], Tally]


def through_a_bad_line(carry: Carry, url: str, data: Path, work: Path, *, number: int, seed: int, loss: float) -> Tally:
    """Draw the pictures, let `carry(url, token, pictures)` deliver them, ask the server and read its store.

    `data` is the server's DATA_FOLDER. `loss` of the requests are lost on their way, a quarter as many come twice, half as many late.
    """
    pictures = list(draw(work / "pictures", number, seed=seed))
    account = ground.enrol(url)
    plan = Mix.loss(loss, twice=loss / 8, twice_at_once=loss / 8, delay=loss / 4, hold=loss / 4)
    with BadLine(url, seed=seed, plan=replace(plan, seconds=(0.0, 0.1))) as line:
        tally = carry(f"{line.url}/api/v1/uploads", account.credential, pictures)
        line.quiet()  # what the line holds back may still arrive: it must not spoil what is there
        tally.line = dict(line.done)
    hashes = [picture.sha256 for picture in pictures]
    if len(set(hashes)) != number:
        raise AssertionError("two pictures are alike: fewer uploads than told")
    tally.stored = ground.stored(url, account, hashes)
    tally.readable = ground.readable(data, hashes)
    return tally
