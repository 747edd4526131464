"""The worker as it runs beside the server: what is told leaves the house by itself, within moments."""

from __future__ import annotations

import json
import urllib.request

import pytest

from tests.make.people import PASSWORD
from tests.make.server import Server


def ask(server, method, path, body=None, token=None):
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    request = urllib.request.Request(f"{server.url}/api/v1{path}", json.dumps(body).encode(), headers, method=method)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


@pytest.fixture
def server(any_district_url, tmp_path):
    with Server(any_district_url[0], tmp_path / "server", worker=True, environ={"PRIVATE_WEBHOOKS": "1"}) as server:
        yield server


def test_a_commit_wakes_the_worker_which_posts(server, hook):
    token = ask(server, "POST", "/sessions", {"login": "qian", "password": PASSWORD})["access_token"]
    webhook = ask(server, "POST", "/webhooks", {"url": hook.url, "name": "ERP"}, token)
    ask(server, "POST", f"/webhooks/{webhook['id']}/test", {}, token)
    assert hook.arrived.wait(40), server.log()[-2000:]
    assert hook.posts[0].json["type"] == "webhook.test"
