"""The pages in a real browser: nothing is refused by their own policy, nothing comes from elsewhere, nothing needs scrolling sideways."""

from __future__ import annotations

import shutil
import threading

import pytest
from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="NO BROWSER: the pages were not looked at; apt-get install chromium")


@pytest.fixture
def address(app):
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.mark.parametrize("width", [360, 1280])
def test_the_pages_are_whole(browser, address, width):
    page = browser.new_page(viewport={"width": width, "height": 800}, locale="en-US")
    wrong = []
    page.on("console", lambda message: wrong.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: wrong.append(request.url) if not request.url.startswith((address, "data:")) else None)
    for path in ("/", "/problems/", "/problems/replica_fork", "/api/docs"):
        page.goto(address + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.get_by_role("link", name="findings").first.click()
    # The document is OpenAPI 3.1; Swagger UI 4 shows it because docs.js reads it down.
    page.locator("#operations-findings-list_findings").wait_for()
    page.locator("#operations-findings-list_findings .opblock-summary-control").click()
    page.get_by_text("Callers: session of inspector").first.wait_for()
    assert wrong == []
    page.close()
