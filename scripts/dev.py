#!/usr/bin/env python3
"""What developers run by hand: `.venv/bin/python scripts/dev.py first-migration | openapi`.

`first-migration` writes 0001 anew from the models: only until the first landing; after that migrations are added, never edited.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

SEED = """
    op.bulk_insert(
        sa.table("clock", sa.column("id"), sa.column("epoch"), sa.column("seq"), sa.column("head", sa.LargeBinary())),
        [{"id": 1, "epoch": secrets.token_hex(16), "seq": 0, "head": bytes(32)}],
    )
"""


def first_migration() -> None:
    """Write migrations/versions/0001_first.py from the models."""
    versions = ROOT / "migrations" / "versions"
    for old in versions.glob("0001_*.py"):
        old.unlink()
    with tempfile.TemporaryDirectory() as folder:
        config = Config()
        config.set_main_option("script_location", str(ROOT / "migrations"))
        config.set_main_option("sqlalchemy.url", f"sqlite:///{folder}/empty.sqlite3")
        config.set_main_option("file_template", "%%(rev)s_first")
        command.revision(config, "The first tables.", autogenerate=True, rev_id="0001")
    path = versions / "0001_first.py"
    text = path.read_text("utf-8")
    text = text.replace("\n\ndef downgrade", SEED + "\n\ndef downgrade", 1).replace(
        "import sqlalchemy as sa", "import secrets\n\nimport sqlalchemy as sa", 1
    )
    imported = "from sqlalchemy.dialects import postgresql\n"
    if "postgresql." in text and imported not in text:
        text = text.replace("from alembic import op\n", f"from alembic import op\n{imported}", 1)
    path.write_text(text, "utf-8")
    (ROOT / "migrations" / "head").write_text("0001\n", "utf-8")


if __name__ == "__main__":
    {"first-migration": first_migration}[sys.argv[1]]()
