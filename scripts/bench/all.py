"""Every bench but the ten days and the worklists, one after the other, and one table at the end. `--quick`: two minutes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import behind
import crowd
import first_sync
import house
import locate
import measure
import photos
import pull
import push
import steady
from measure import Figure


def _commit() -> str:
    """Which code was measured."""
    asked = ["git", "-C", str(house.ROOT), "describe", "--always", "--dirty"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "no git here"


def main() -> None:
    """From the command line."""
    parser = measure.options(__doc__)
    parser.add_argument("--no-postgres", action="store_true", help="SQLite only")
    parser.add_argument("--stages", action="store_true", help="with the breakdowns")
    asked = parser.parse_args()
    measure.say(f"{measure.machine()}, {_commit()}")
    parts: dict[str, list[Figure]] = {
        "locate": locate.run(quick=asked.quick),
        "photos": photos.run(quick=asked.quick, stages=asked.stages),
        "pull": pull.run(quick=asked.quick, stages=asked.stages),
        "push": push.run(quick=asked.quick, postgres=not asked.no_postgres, stages=asked.stages),
        "crowd": crowd.run(quick=asked.quick, postgres=not asked.no_postgres),
        "steady": steady.run(quick=asked.quick, postgres=not asked.no_postgres),
        "first_sync": first_sync.run(quick=asked.quick, postgres=not asked.no_postgres),
        "behind": behind.run(quick=asked.quick, postgres=not asked.no_postgres),
    }
    print("\nAll figures with a target")
    head = ["bench", "figure", "median", "ratio to the probe of this run", "target", ""]
    rows = [[name, *figure.cells()] for name, figures in parts.items() for figure in figures if figure.target is not None]
    measure.table([head, *rows])
    failed = sum(row[-1] == "FAIL" for row in rows)
    measure.say(f"{len(rows) - failed} of {len(rows)} met; load {os.getloadavg()[0]:.1f} at the end; data on {Path(house.DISK or '/tmp')}")  # noqa: S108 - told, not used


if __name__ == "__main__":
    main()
