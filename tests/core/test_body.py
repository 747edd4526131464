"""Reading a pushed body: whole lines and nothing else, whatever the wire and the compression do."""

from __future__ import annotations

import gzip
import io
import random
import zlib
from typing import ClassVar

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from backend.core.http.body import read_lines
from backend.core.problems import TooLarge, WrongMedia

LINES = [b'{"h":1}', '{"op":"一"}'.encode(), b'{"op":"two"}', b"x" * 300]
BODY = b"".join(line + b"\n" for line in LINES)


def read(data, *, length=True, encoding=None, stream=None, **limits):
    environ = EnvironBuilder(method="POST").get_environ()
    environ["wsgi.input"] = stream or io.BytesIO(data)
    environ.pop("CONTENT_LENGTH", None)
    if length:
        environ["CONTENT_LENGTH"] = str(length if length is not True else len(data))
    else:
        environ["wsgi.input_terminated"] = True
    if encoding:
        environ["HTTP_CONTENT_ENCODING"] = encoding
    return read_lines(Request(environ), **{"body_bytes": 10_000, "inflated_bytes": 50_000, "lines": 10, **limits})


def test_whole_lines_without_their_ends():
    for body in (read(BODY), read(BODY, length=False), read(BODY, encoding="identity"), read(gzip.compress(BODY), encoding="GZIP ")):
        assert (body.lines, body.broken) == (LINES, False)


@pytest.mark.parametrize("length", [True, False])
def test_cut_at_every_byte_only_whole_lines_count(length):  # fault 3
    for cut in range(len(BODY)):
        body = read(BODY[:cut], length=len(BODY) if length else False)
        assert body.lines == LINES[: BODY[:cut].count(b"\n")]
        if length:
            assert body.broken
        else:
            assert body.broken == (not BODY[:cut].endswith(b"\n") and cut > 0)


def test_a_compressed_body_cut_at_every_byte_gives_what_inflated_before():  # fault 4
    packed = gzip.compress(BODY)
    for cut in range(len(packed)):
        body = read(packed[:cut], encoding="gzip", length=len(packed))
        assert body.broken
        assert LINES[: len(body.lines)] == body.lines
    # Nearly the whole stream gives nearly the whole body.
    assert len(read(packed[:-9], encoding="gzip", length=len(packed)).lines) == len(LINES)


def test_compressed_bytes_that_are_wrong_never_give_more_than_was_sent():
    chance = random.Random(7)
    packed = gzip.compress(BODY)
    for _ in range(200):
        bent = bytearray(packed)
        bent[chance.randrange(len(bent))] ^= 1 << chance.randrange(8)
        try:
            body = read(bytes(bent), encoding="gzip")
        except TooLarge:
            continue
        assert body.lines == LINES or body.broken or body.lines == LINES[: len(body.lines)]
    assert read(b"no gzip at all", encoding="gzip").lines == []


def test_a_body_of_several_compressed_members_is_read_to_its_end():
    """RFC 1952 lets a file be a row of members; `gzip a b` and appending clients make them."""
    packed = b"".join(gzip.compress(line + b"\n") for line in LINES)
    body = read(packed, encoding="gzip")
    assert (body.lines, body.broken) == (LINES, False)


def test_something_behind_the_compressed_body_is_a_fault():
    body = read(gzip.compress(BODY) + b"trailing rubbish", encoding="gzip")
    assert (body.lines, body.broken) == (LINES, True)


def test_a_connection_that_breaks_keeps_what_came():
    class Breaks(io.RawIOBase):
        parts: ClassVar = [BODY[:40], BODY[40:60]]

        def read(self, size=-1):
            if not self.parts:
                raise ConnectionResetError
            return self.parts.pop(0)

    body = read(b"", stream=Breaks(), length=len(BODY))
    assert (body.lines, body.broken) == (LINES[: BODY[:60].count(b"\n")], True)


def test_limits_hold_to_the_byte():
    line = b"y" * 99 + b"\n"
    assert len(read(line * 500, lines=600).lines) == 500
    with pytest.raises(TooLarge) as caught:
        read(line * 500 + b"\n", lines=600)
    assert caught.value.members["limits"] == {"body_bytes": 10_000, "inflated_bytes": 50_000, "ops": 600}
    assert len(read(line * 11).lines) == 11
    with pytest.raises(TooLarge):
        read(line * 12)
    assert len(read(gzip.compress(line * 500), encoding="gzip", lines=600).lines) == 500
    with pytest.raises(TooLarge):
        read(gzip.compress(line * 500 + b"\n"), encoding="gzip", lines=600)
    noise = random.Random(1).randbytes(10_000)
    for length in (True, False):
        with pytest.raises(TooLarge):
            read(gzip.compress(noise), encoding="gzip", length=length)


def test_a_bomb_is_stopped_long_before_it_is_unpacked():  # fault 59
    squeeze = zlib.compressobj(9, wbits=31)
    bomb = b"".join(squeeze.compress(bytes(1 << 20)) for _ in range(200)) + squeeze.flush()
    taken = []

    class Counting(io.BytesIO):
        def read(self, size=-1):
            chunk = super().read(size)
            taken.append(len(chunk))
            return chunk

    with pytest.raises(TooLarge):
        read(bomb, stream=Counting(bomb), length=False, encoding="gzip", body_bytes=1 << 20)
    assert sum(taken) < len(bomb)


def test_another_encoding_is_refused():
    with pytest.raises(WrongMedia, match="br"):
        read(BODY, encoding="br")


def test_empty_and_blank_bodies_have_no_lines():
    assert read(b"").lines == read(b"\n\n").lines == read(b"", length=False).lines == []
    assert read(b"a\r\n\r\n\nb\n").lines == [b"a\r", b"b"]
