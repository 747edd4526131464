"""Stock tuspy: several at once, each upload taken up again after a break by the URL it stored, as an app would after a restart.

`carry` starts this file as a program of its own, `carried` is what it does: tuspy leaves files open and logs each broken answer.
"""

from __future__ import annotations

import json
import logging
import random
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed
from tusclient.storage.filestorage import FileStorage
from tusclient.uploader.uploader import Uploader

from scripts.foreign_clients.pictures import Picture
from scripts.foreign_clients.tally import Tally

BROKEN = (TusCommunicationError, TusUploadFailed, TypeError, ValueError)
"""How tuspy tells that the line broke. The last two: an answer ended within its head, which Python's http.client takes for a whole one, and
tuspy reads a number from an Upload-Offset that never came or lost its digits."""
_GONE = {404, 410}
"""The server knows no such upload: it ran out, or the answer ended within its Location and tuspy stored the half of it. Begin anew, as the
tus specification has it; tus-js-client does so by itself."""
_ATTEMPTS = 60
_CHUNKS = (16 * 1024, 48 * 1024, 128 * 1024, 1024 * 1024)
_EVERY_BREAK = 5
_EVERY_CHECKSUM = 2
_MOST_S = 3600.0


def carry(url: str, token: str, pictures: Sequence[Picture], folder: Path, *, seed: int, parallel: int) -> Tally:
    """Upload them all to `url`: every fifth is broken off midway and taken up again, every second sends checksums."""
    folder.mkdir(parents=True, exist_ok=True)
    listed = [{**asdict(each), "path": str(each.path)} for each in pictures]
    order = {"url": url, "token": token, "folder": str(folder), "seed": seed, "parallel": parallel, "pictures": listed}
    path = folder / "order.json"
    path.write_text(json.dumps(order), "utf-8")
    command = [sys.executable, "-m", __name__, str(path)]
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=_MOST_S, check=False)
    if done.returncode:
        raise RuntimeError(f"tuspy ended with {done.returncode}:\n{done.stderr[-3000:]}")
    told = json.loads(done.stdout)
    return Tally(f"tuspy {version('tuspy')}", len(pictures), sum(picture.size for picture in pictures), **told)


@dataclass(slots=True)
class Work:
    """What the threads share."""

    url: str
    token: str
    folder: Path
    seed: int
    done: int = 0
    breaks: int = 0
    own: int = 0
    failed: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def carry(self, picture: Picture) -> None:
        """Carry one picture there, whatever it takes."""
        chunk = random.Random(f"{self.seed} {picture.number}").choice(_CHUNKS)  # noqa: S311 - repeatable
        breaks_off = picture.number % _EVERY_BREAK == 0
        remembered = self.folder / f"{picture.number}.json"
        fault: Exception | None = None
        for _ in range(_ATTEMPTS):
            storage = FileStorage(str(remembered))  # type: ignore[no-untyped-call] # tuspy types only some
            try:
                uploader = self._uploader(picture, chunk, storage)
                if breaks_off and uploader.offset < picture.size // 2:
                    breaks_off = False
                    uploader.upload(stop_at=picture.size // 2)
                    self._count(breaks=1, own=1)
                    continue
                uploader.upload()
            except BROKEN as error:
                fault = error
                self._count(breaks=1)
                if getattr(error, "status_code", None) in _GONE:
                    remembered.unlink()
            else:
                self._count(done=1)
                return
            finally:
                storage.close()  # type: ignore[no-untyped-call] # as above
        with self.lock:
            self.failed.append(f"{picture.path.name}: gave up after {_ATTEMPTS} attempts: {fault}")

    def _uploader(self, picture: Picture, chunk: int, storage: FileStorage) -> Uploader:
        """A fresh client object, which asks the server where a stored URL stands."""
        return TusClient(self.url, headers={"Authorization": f"Bearer {self.token}"}).uploader(
            str(picture.path),
            chunk_size=chunk,
            metadata={"sha256": picture.sha256, "mime": "image/jpeg"},
            retries=2,
            retry_delay=0,
            store_url=True,
            url_storage=storage,
            upload_checksum=picture.number % _EVERY_CHECKSUM == 0,
        )

    def _count(self, *, done: int = 0, breaks: int = 0, own: int = 0) -> None:
        with self.lock:
            self.done, self.breaks, self.own = self.done + done, self.breaks + breaks, self.own + own


def main(path: str) -> None:
    """Do what the order says, print what came of it as JSON."""
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)
    warnings.simplefilter("ignore", ResourceWarning)
    order = json.loads(Path(path).read_text("utf-8"))
    work = Work(order["url"], order["token"], Path(order["folder"]), order["seed"])
    began = time.perf_counter()
    with ThreadPoolExecutor(order["parallel"]) as threads:
        list(threads.map(work.carry, [Picture(**{**each, "path": Path(each["path"])}) for each in order["pictures"]]))
    seconds = time.perf_counter() - began
    print(json.dumps({"done": work.done, "breaks": work.breaks, "own": work.own, "failed": work.failed, "seconds": seconds}))


if __name__ == "__main__":
    main(sys.argv[1])
