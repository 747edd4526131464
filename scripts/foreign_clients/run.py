"""All foreign clients, one after the other. Exit status 1 where something did not come through or could not be tried."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from scripts.foreign_clients import ground, tus_js, tus_python, typed
from scripts.foreign_clients.node import NoNode
from scripts.foreign_clients.pictures import Picture
from scripts.foreign_clients.tally import Tally
from scripts.foreign_clients.uploads import Carry, through_a_bad_line

CLIENTS = ("tuspy", "tus-js-client", "python", "typescript")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="scripts/foreign-clients", description=__doc__)
    parser.add_argument("--uploads", type=int, default=1000, help="by each of the tus clients (default: %(default)s)")
    parser.add_argument("--only", choices=CLIENTS, action="append", help="this client; may be given several times")
    parser.add_argument("--seed", type=int, default=7, help="of the line and the pictures (default: %(default)s)")
    parser.add_argument("--loss", type=float, default=0.2, help="part of the requests that is lost on the line (default: %(default)s)")
    parser.add_argument("--parallel", type=int, default=8, help="uploads at once (default: %(default)s)")
    parser.add_argument(
        "--document", type=Path, default=typed.DOCUMENT, help="what typed clients are made from (default: the committed one)"
    )
    asked = parser.parse_args(arguments)
    chosen = asked.only or CLIENTS
    failed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="linping-foreign-") as name:
        folder = Path(name)
        print("starting the demo district", flush=True)
        with ground.serving(folder / "server") as url:
            for client in chosen:
                began = time.perf_counter()
                try:
                    whole = _try(client, url, folder, asked)
                except NoNode as missing:
                    print(f"{client}: NOT TRIED: {missing}", flush=True)
                    whole = False
                except typed.Unfit as unfit:
                    print(f"{client}: FAILED: {unfit}", flush=True)
                    whole = False
                print(f"  {client}: {'ok' if whole else 'NOT ok'}, {time.perf_counter() - began:,.1f} s in all", flush=True)
                failed += [] if whole else [client]
    if failed:
        print(f"scripts/foreign-clients: not everything came through: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _try(client: str, url: str, folder: Path, asked: argparse.Namespace) -> bool:
    work = folder / client
    if client in {"python", "typescript"}:
        drive = typed.python if client == "python" else typed.typescript
        told = drive(url, work, document=asked.document.absolute())
        print(f"{client}: {told}", flush=True)
        return True

    def by_tuspy(at: str, token: str, pictures: Sequence[Picture]) -> Tally:
        return tus_python.carry(at, token, pictures, work / "urls", seed=asked.seed, parallel=asked.parallel)

    def by_tus_js(at: str, token: str, pictures: Sequence[Picture]) -> Tally:
        return tus_js.carry(at, token, pictures, work / "urls", parallel=asked.parallel)

    carry: Carry = by_tuspy if client == "tuspy" else by_tus_js
    seed = asked.seed + CLIENTS.index(client)
    tally = through_a_bad_line(carry, url, folder / "server", work, number=asked.uploads, seed=seed, loss=asked.loss)
    print("\n".join(tally.lines()), flush=True)
    return tally.whole


if __name__ == "__main__":
    sys.exit(main())
