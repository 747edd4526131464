"""Photos: uploads a second of 300 KB and 3 MB on one connection, by tus and by PUT, against the Node reference server `@tus/server`.

Both servers take turns. Ours hashes, reads the picture's header, fsyncs, and moves the findings that declared the photo; that one only
writes. A Python floor does write, SHA-256, fsync and rename alone. The first run installs the Node packages outside the repository.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import house
import measure
from measure import Figure, middle
from phone import Ground, Phone, pack, statuses
from pictures import fresh, jpeg
from stages import Inside

SIZES = {"300 KB": 300_000, "3 MB": 3_000_000}
CHUNK = "application/offset+octet-stream"
PACKAGES = ("@tus/server", "@tus/file-store")
CREATED, NO_CONTENT = 201, 204
Picture = tuple[bytes, str]


class NoNode(RuntimeError):
    """The reference server cannot be had here; the message says why."""


@dataclass(slots=True)
class Tus:
    """A tus client on one keep-alive connection."""

    wire: http.client.HTTPConnection
    path: str
    headers: dict[str, str] = field(default_factory=dict)

    def in_two(self, picture: Picture) -> None:
        """Creation, then all the bytes in one PATCH: what tus clients do."""
        where = self._create(picture, None)
        headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": CHUNK, **self.headers}
        self._exchange("PATCH", where, picture[0], headers, NO_CONTENT)

    def in_one(self, picture: Picture) -> None:
        """Creation with upload."""
        self._create(picture, picture[0])

    def _create(self, picture: Picture, body: bytes | None) -> str:
        body_type = {"Content-Type": CHUNK} if body else {}
        told = ",".join(
            f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in (("sha256", picture[1]), ("mime", "image/jpeg"))
        )
        headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(picture[0])), "Upload-Metadata": told, **body_type, **self.headers}
        answer = self._exchange("POST", self.path, body, headers, CREATED)
        return urlsplit(answer.headers["Location"]).path

    def _exchange(self, method: str, path: str, body: bytes | None, headers: dict[str, str], wanted: int) -> http.client.HTTPResponse:
        self.wire.request(method, path, body, headers)
        answer = self.wire.getresponse()
        text = answer.read()
        if answer.status != wanted:
            raise SystemExit(f"{method} {path}: {answer.status} {text[:300]!r}")
        return answer


@dataclass(slots=True)
class Ours:
    """Our server and a phone that declares what it uploads."""

    phone: Phone
    ground: Ground
    tus: Tus

    def declare(self, pictures: list[Picture]) -> None:
        """Findings that name these pictures, two each: an upload then moves them."""
        hashes = [(digest, len(body)) for body, digest in pictures]
        day = self.phone.day(self.ground, (len(hashes) + 1) // 2 + 1, hashes)
        kept = statuses(self.phone.push(pack(self.phone.header(), day)))
        if set(kept) != {"applied"}:
            raise SystemExit(f"declarations: {kept}")

    def put(self, picture: Picture) -> None:
        """All the bytes under their hash."""
        headers = {"Content-Type": "image/jpeg"}
        status, text, _ = self.phone.send("PUT", f"/api/v1/blobs/sha256/{picture[1]}", picture[0], headers, token=self.phone.credential)
        if status != CREATED:
            raise SystemExit(f"PUT: {status} {text[:300]!r}")


def run(*, quick: bool = False, stages: bool = True) -> list[Figure]:
    """Measure and print; the figures."""
    rounds = 3 if quick else 9
    figures: list[Figure] = []
    with contextlib.ExitStack() as stack:
        data = stack.enter_context(house.folder("photos"))
        url = house.seed(data / "ours")
        server = stack.enter_context(house.serving(data / "ours", url))
        phone = Phone(server)
        ours = Ours(phone, Ground.of(url), Tus(phone.wire, "/api/v1/uploads", {"Authorization": f"Bearer {phone.credential}"}))
        node: Tus | None = None
        try:
            node = stack.enter_context(reference(data / "node"))
        except NoNode as error:
            measure.say(f"SKIPPED the comparison with {PACKAGES[0]}: {error}")
        memory = [server.memory()]
        for label, size in SIZES.items():
            seconds, each = _measure(ours, node, data, size, rounds=rounds, quick=quick)
            figures += _figures(label, seconds, each)
            memory.append(server.memory())
            if stages:
                _breakdown(ours, label, size, uploads=10 if quick else 40)
        growth = memory[-1][0] - memory[0][0]
        figures.append(Figure("worker memory, highest", float(max(pss for pss, _ in memory)), "MB PSS", target=250, at_most=True))
        measure.say("worker memory PSS/RSS MB: " + ", ".join(f"{pss}/{rss}" for pss, rss in memory) + f"; {growth:+d} over all")
        measure.say("one connection; our photos are declared on findings, which each upload moves; no background worker beside it")
    measure.show(f"photos: {rounds} rounds", figures)
    return figures


def _measure(ours: Ours, node: Tus | None, data: Path, size: int, *, rounds: int, quick: bool) -> tuple[dict[str, list[float]], int]:
    each = 5 if quick else 30_000_000 // size // (5 if size < 1_000_000 else 1)
    base = jpeg(size)

    def turn(send: Callable[[Picture], object], *, declared: bool) -> Callable[[int], float]:
        def run_turn(_round: int) -> float:
            pictures = [fresh(base) for _ in range(each)]
            if declared:
                ours.declare(pictures)
            began = time.perf_counter()
            for picture in pictures:
                send(picture)
            return time.perf_counter() - began

        return run_turn

    floor = data / "floor"
    floor.mkdir(exist_ok=True)
    turns: dict[str, Callable[[int], object]] = {}
    for name, ways in (("node", node), ("ours", ours.tus)):
        if ways is not None:
            turns[f"{name}, two requests"] = turn(ways.in_two, declared=name == "ours")
            turns[f"{name}, one request"] = turn(ways.in_one, declared=name == "ours")
    turns["ours, PUT"] = turn(ours.put, declared=True)
    turns["floor"] = turn(lambda picture: _write(floor, picture[0]), declared=False)
    measure.alternate(1, turns)
    return measure.alternate(rounds, turns), each


def _breakdown(ours: Ours, label: str, size: int, *, uploads: int) -> None:
    """PUT declared photos to the application in this process, stages timed from outside."""
    inside = Inside(ours.phone.server.folder, ours.phone.server.url)
    base = jpeg(size)
    pictures = [fresh(base) for _ in range(uploads)]
    ours.declare(pictures)
    for turn, (body, digest) in enumerate(pictures):
        if turn == 2:
            inside.watch()
        inside.send("PUT", f"/blobs/sha256/{digest}", body, {"Content-Type": "image/jpeg"}, ours.phone.credential)
    print(f"\n{label}: where the time of a PUT goes (in this process, {uploads - 2} photos)")
    measure.table(inside.rows(uploads - 2, "photo"))
    measure.table(inside.statements(uploads - 2, uploads - 2))
    if inside.stages.missing:
        measure.say(f"not found any more: {', '.join(inside.stages.missing)}")


def _write(folder: Path, content: bytes) -> None:
    """Write, hash, fsync, rename, fsync the folder: what no store that keeps its word can do without."""
    digest = hashlib.sha256()
    part = folder / "part"
    with part.open("wb") as file:
        digest.update(content)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.rename(folder / digest.hexdigest())
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _figures(label: str, seconds: dict[str, list[float]], each: int) -> list[Figure]:
    rate = {name: each / middle(values) for name, values in seconds.items()}
    figures = []
    for way, name in (("two requests", "tus, creation and PATCH"), ("one request", "tus, creation with upload")):
        theirs = rate.get(f"node, {way}")
        ratio = rate[f"ours, {way}"] / theirs if theirs else None
        figures.append(Figure(f"{label}: {name}", rate[f"ours, {way}"], "photos/s", ratio, "@tus/server", 1.0, on_ratio=True))
        if theirs:
            figures.append(Figure(f"{label}: the same, @tus/server", theirs, "photos/s"))
    figures.append(Figure(f"{label}: PUT", rate["ours, PUT"], "photos/s", rate["ours, PUT"] / rate["floor"], "floor"))
    figures.append(Figure(f"{label}: floor (write, hash, fsync, rename)", rate["floor"], "photos/s"))
    return figures


@contextlib.contextmanager
def reference(files: Path) -> Iterator[Tus]:
    """The Node server on a free port, its packages installed beside the temporary files. Raises NoNode."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        raise NoNode("node and npm are not installed")
    home = Path(os.environ.get("BENCH_NODE") or Path(tempfile.gettempdir()) / "bench-tus-server")
    home.mkdir(parents=True, exist_ok=True)
    if not all((home / "node_modules" / name).exists() for name in PACKAGES):
        command = [npm, "install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", *PACKAGES]
        try:
            done = subprocess.run(command, cwd=home, capture_output=True, text=True, timeout=120, check=False)
        except subprocess.TimeoutExpired as error:
            raise NoNode("npm install did not end within 120 s") from error
        if done.returncode:
            raise NoNode(f"npm install failed: {done.stderr.strip()[-300:]}")
    files.mkdir()
    script = home / "tus_server.mjs"
    shutil.copyfile(Path(__file__).with_name(script.name), script)
    log = files.with_suffix(".log")
    with log.open("wb") as said:
        process = subprocess.Popen([node, str(script), str(files)], cwd=home, stdout=subprocess.PIPE, stderr=said)
    try:
        port = process.stdout.readline() if process.stdout else b""
        if not port.strip().isdigit():
            raise NoNode(f"it did not start: {log.read_text('utf-8')[-300:]}")
        yield Tus(http.client.HTTPConnection("127.0.0.1", int(port), timeout=60), "/files")
    finally:
        process.terminate()
        process.wait(10)


def main() -> None:
    """From the command line."""
    parser = measure.options(__doc__)
    parser.add_argument("--no-stages", action="store_true", help="without the breakdown")
    asked = parser.parse_args()
    measure.say(measure.machine())
    run(quick=asked.quick, stages=not asked.no_stages)


if __name__ == "__main__":
    main()
