"""Stock tus-js-client in Node: tus_client.mjs does the work, this starts it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from scripts.foreign_clients import node
from scripts.foreign_clients.pictures import Picture
from scripts.foreign_clients.tally import Tally

_MOST_S = 3600.0


def carry(url: str, token: str, pictures: Sequence[Picture], folder: Path, *, parallel: int) -> Tally:
    """Upload them all to `url`: every fifth is broken off and taken up again, some begin with the creation, some PATCH by POST.

    Raises NoNode.
    """
    home = node.installed()
    folder.mkdir(parents=True, exist_ok=True)
    script = home / "tus_client.mjs"
    shutil.copyfile(node.HERE / script.name, script)
    listed = [{"number": each.number, "path": str(each.path), "sha256": each.sha256, "size": each.size} for each in pictures]
    order = folder / "order.json"
    order.write_text(json.dumps({"url": url, "token": token, "folder": str(folder), "parallel": parallel, "pictures": listed}), "utf-8")
    result = folder / "result.json"
    said = node.run(["node", str(script), str(order), str(result)], home, seconds=_MOST_S)
    if not result.exists():
        raise RuntimeError(f"tus-js-client ended without a result: {said[-3000:]}")
    told = json.loads(result.read_text("utf-8"))
    version = json.loads((home / "node_modules" / "tus-js-client" / "package.json").read_text("utf-8"))["version"]
    tally = Tally(f"tus-js-client {version}", len(pictures), sum(picture.size for picture in pictures))
    tally.done, tally.breaks, tally.own = told["done"], told["breaks"], told["own"]
    tally.seconds, tally.failed = told["seconds"], told["failed"]
    return tally
