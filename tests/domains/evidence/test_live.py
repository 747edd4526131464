"""A real server and a phone whose connection breaks in the middle of a body."""

from __future__ import annotations

import socket
import struct
import threading
import time

import pytest
from werkzeug.serving import make_server

from tests.domains.evidence.conftest import create, send, stands_at, status_of
from tests.make.pictures import picture

PHOTO = picture(51, noise=True)


@pytest.fixture
def address(app):
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address
    server.shutdown()
    thread.join(5)


@pytest.mark.parametrize("rudely", [False, True], ids=["closed", "reset"])
def test_a_body_that_breaks_off_is_kept_as_far_as_it_came(address, cast, rudely):
    credential = cast.replica("lin").credential
    phone = cast.bearing(credential)
    url, half = create(phone, PHOTO), len(PHOTO) // 2
    head = f"PATCH {url} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {credential}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
    head += f"Content-Type: application/offset+octet-stream\r\nContent-Length: {len(PHOTO)}\r\n\r\n"
    broken = socket.create_connection(address)
    broken.sendall(head.encode() + PHOTO[:half])
    if rudely:
        # A reset may take bytes along that the server has not read: some of them must have come, none twice.
        time.sleep(0)
        broken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    broken.close()
    until = time.monotonic() + 10
    while not rudely and stands_at(phone, url) == 0 and time.monotonic() < until:
        threading.Event().wait(0.01)
    came = stands_at(phone, url)
    assert came <= half if rudely else came == half
    while send(phone, url, stands_at(phone, url), PHOTO[stands_at(phone, url) :]).status_code == 409:
        assert time.monotonic() < until
    assert status_of(phone, PHOTO) == "stored"
