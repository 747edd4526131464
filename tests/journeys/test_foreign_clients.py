"""Clients that others wrote, against the real server: photos by tus through a bad line, and typed clients made from the document.

Short versions; scripts/foreign-clients does a thousand uploads with each.
"""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from scripts.foreign_clients import node, tus_js, tus_python, typed
from scripts.foreign_clients.uploads import through_a_bad_line
from tests.make.server import seeded_server

ROOT = Path(__file__).resolve().parents[2]
LOSS = 0.2


@pytest.fixture
def server(databases, tmp_path):
    with seeded_server(databases, "sqlite", tmp_path / "server") as server:
        yield server


@pytest.fixture
def with_node():
    try:
        return node.installed()
    except node.NoNode as missing:
        pytest.skip(f"NOT TRIED, the clients for Node cannot run here: {missing}")


@pytest.fixture
def document(tmp_path):
    """The document as the code has it; tests/house holds the committed one to it."""
    spec = spec_from_file_location("dev", ROOT / "scripts" / "dev.py")
    dev = module_from_spec(spec)
    spec.loader.exec_module(dev)
    path = tmp_path / "openapi.yaml"
    path.write_text(dev.openapi_yaml(), "utf-8")
    return path


def test_tuspy_carries_forty_photos_over_a_bad_line_and_each_arrives_whole(server, tmp_path):
    def carry(url, token, pictures):
        return tus_python.carry(url, token, pictures, tmp_path / "urls", seed=7, parallel=4)

    tally = through_a_bad_line(carry, server.url, server.folder, tmp_path, number=40, seed=7, loss=LOSS)
    assert tally.whole, "\n".join(tally.lines())
    assert tally.breaks > tally.own > 0
    assert tally.line["cut_request"] + tally.line["drop_answer"] > 5


def test_tus_js_client_carries_twenty_photos_over_a_bad_line_and_each_arrives_whole(server, tmp_path, with_node):
    def carry(url, token, pictures):
        return tus_js.carry(url, token, pictures, tmp_path / "urls", parallel=4)

    tally = through_a_bad_line(carry, server.url, server.folder, tmp_path, number=20, seed=8, loss=LOSS)
    assert tally.whole, "\n".join(tally.lines())
    assert tally.breaks >= tally.own > 0
    assert tally.line["cut_request"] + tally.line["drop_answer"] > 3


def test_a_python_client_made_from_the_document_compiles_strictly_and_does_a_days_work(server, tmp_path, document):
    told = typed.python(server.url, tmp_path / "python", document=document)
    assert "findings on" in told


def test_a_typescript_client_made_from_the_document_compiles_strictly_and_does_a_days_work(server, tmp_path, document, with_node):
    told = typed.typescript(server.url, tmp_path / "typescript", document=document)
    assert "findings on" in told
