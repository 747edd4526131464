#!/usr/bin/env python3
"""What developers run by hand: `.venv/bin/python scripts/dev.py draft-migration | openapi | faults`.

`draft-migration` writes the one migration that has not landed yet anew; one that has landed is never edited: name the next in DRAFT.
`openapi` writes the documents in openapi/ from the code, `faults` tests/FAULTS.md from the marks in the tests; tests hold them to it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

DRAFT = (
    "0003",
    "life_of_a_finding",
    "Steps, tasks, requests granted, policies, rosters, notifications, residents.",
)
"""Number, name and first line of the migration that has not landed yet."""

FULL_TEXT = """if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE ext_finding_text USING fts5("
            "grams, content='finding_text', content_rowid='id', tokenize='ascii', detail='none', columnsize=0)"
        )
        add = "INSERT INTO ext_finding_text(rowid, grams) VALUES (new.id, new.grams);"
        drop = "INSERT INTO ext_finding_text(ext_finding_text, rowid, grams) VALUES ('delete', old.id, old.grams);"
        op.execute(f"CREATE TRIGGER ext_finding_text_added AFTER INSERT ON finding_text BEGIN {add} END")
        op.execute(f"CREATE TRIGGER ext_finding_text_gone AFTER DELETE ON finding_text BEGIN {drop} END")
        op.execute(f"CREATE TRIGGER ext_finding_text_changed AFTER UPDATE OF grams ON finding_text BEGIN {drop} {add} END")
    else:
        op.execute("CREATE INDEX ext_finding_text_grams ON finding_text USING gin (grams)")
        op.execute("ALTER TABLE finding_text ALTER COLUMN grams SET STATISTICS 1000")  # how rare a gram is decides between two indexes
"""
ANNOUNCED_FROM = """op.execute("INSERT INTO reaction_cursor (name, seq) SELECT 'announcements', seq FROM clock WHERE seq > 0")"""
"""Nobody is told now of what happened before there were messages."""

FOLLOWED_FROM = """op.execute("INSERT INTO reaction_cursor (name, seq) SELECT 'reports of residents', seq FROM clock WHERE seq > 0")"""
"""No finding was a resident's before there were residents."""

EXTRA: tuple[str, ...] = (FULL_TEXT, ANNOUNCED_FROM, FOLLOWED_FROM)
"""Statements with which its upgrade ends, about rows and what no model can say: those about tables follow from the models."""

BEFORE = {
    "op.drop_table('resident_report')": """op.execute("DELETE FROM reaction_cursor WHERE name = 'reports of residents'")
    """,
    "op.drop_table('message_delivery')": """op.execute("DELETE FROM reaction_cursor WHERE name = 'announcements'")
    """,
    "op.drop_table('catalog_filing_policy')": """op.execute(
        "INSERT INTO policy_statement (number, area, scope, key, valid_from, auto_file, auto_dispatch, reason, set_by, set_at) "
        "SELECT ROW_NUMBER() OVER (ORDER BY set_at, id), '', scope, key, valid_from, auto_file, auto_dispatch, '', set_by, set_at "
        "FROM catalog_filing_policy"
    )
    """,
    "op.drop_table('finding_text')": """if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE ext_finding_text")
    """,
    "op.drop_table('policy_statement')": """new_id = "gen_random_uuid()" if op.get_bind().dialect.name == "postgresql" else "LOWER(HEX(RANDOMBLOB(16)))"
    op.execute(
        f"INSERT INTO catalog_filing_policy (id, scope, key, valid_from, auto_file, auto_dispatch, set_by, set_at) SELECT {new_id}, "
        "scope, key, valid_from, COALESCE(auto_file, FALSE), COALESCE(auto_dispatch, FALSE), set_by, set_at FROM policy_statement "
        "WHERE area = '' AND (auto_file IS NOT NULL OR auto_dispatch IS NOT NULL)"
    )
    """,  # noqa: E501 - formatted where it is written
}
"""Rows that are moved before the table that held them goes, up and down."""


def draft_migration() -> None:
    """Write the migration that has not landed yet anew, from the difference between those before it and the models."""
    number, name, purpose = DRAFT
    versions = ROOT / "migrations" / "versions"
    for old in versions.glob(f"{number}_*.py"):
        old.unlink()
    with tempfile.TemporaryDirectory() as folder:
        config = Config()
        config.set_main_option("script_location", str(ROOT / "migrations"))
        config.set_main_option("sqlalchemy.url", f"sqlite:///{folder}/before.sqlite3")
        config.set_main_option("file_template", f"%%(rev)s_{name}")
        command.upgrade(config, "head")
        command.revision(config, purpose, autogenerate=True, rev_id=number)
    path = versions / f"{number}_{name}.py"
    text = path.read_text("utf-8")
    imported = "from sqlalchemy.dialects import postgresql\n"
    if "postgresql." in text and imported not in text:
        text = text.replace("from alembic import op\n", f"from alembic import op\n{imported}", 1)
    for drawn, meant in (("sa.CHAR(length=32)", "sa.Uuid()"), ("sa.DATETIME()", "sa.DateTime(timezone=True)")):  # as SQLite has them
        text = text.replace(drawn, meant)
    text = text.replace("ARRAY(Text())", "ARRAY(sa.Text())")  # what is within an array is drafted without its module
    for value, word in (("0", "false"), ("1", "true")):  # drafted on SQLite, which has no word for them
        text = text.replace(f"sa.Boolean(), server_default=sa.text('{value}')", f"sa.Boolean(), server_default=sa.{word}()")
    for drop, statement in BEFORE.items():
        text = text.replace(f"    {drop}", f"    {statement}{drop}", 1)
    extra = "".join(f"    {statement}\n" for statement in EXTRA)
    text = text.replace("\n\n\ndef downgrade()", f"\n{extra}\n\ndef downgrade()", 1)
    path.write_text(text, "utf-8")
    for step in (["format", "--quiet"], ["check", "--fix", "--quiet", "--exit-zero"]):
        subprocess.run([sys.executable, "-m", "ruff", *step, str(path)], check=True, cwd=ROOT)
    (ROOT / "migrations" / "head").write_text(f"{number}\n", "utf-8")


METHODS = ("get", "head", "post", "put", "patch", "delete", "options")


def document() -> dict[str, Any]:
    """The OpenAPI document as it is served, in an order that does not hang on how modules are found."""
    from backend import create_app  # noqa: PLC0415 - the path to it is set above
    from backend.core.config import Settings  # noqa: PLC0415 - as above

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'none.sqlite3'}"
        app = create_app(Settings(data_folder=folder, database_url=url, blob_store=name, secret_key="only-to-read-the-routes"))  # noqa: S106 - guards nothing
        served = json.loads(json.dumps(app.extensions["linping.api"].spec.to_dict()))
    return {
        "openapi": served["openapi"],
        "info": served["info"],
        "security": served["security"],
        "tags": sorted(served["tags"], key=lambda tag: tag["name"]),
        "paths": {path: _item(item) for path, item in sorted(served["paths"].items())},
        "components": {kind: dict(sorted(parts.items())) for kind, parts in sorted(served["components"].items())},
    }


def _item(item: dict[str, Any]) -> dict[str, Any]:
    ordered = {method: item[method] for method in METHODS if method in item}
    for method, operation in ordered.items():
        first = {key: operation[key] for key in ("operationId", "tags", "summary", "description") if key in operation}
        responses = dict(sorted(operation["responses"].items()))
        ordered[method] = {**first, **{key: value for key, value in operation.items() if key not in first}, "responses": responses}
    return {**{key: value for key, value in item.items() if key not in ordered}, **ordered}


def openapi_yaml() -> str:
    """The text of openapi/openapi.yaml."""
    import yaml  # noqa: PLC0415 - one of the tests' tools, not needed by the other commands

    class Dumper(yaml.SafeDumper):
        """Paragraphs as they are read."""

    def text_of(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)

    Dumper.add_representer(str, text_of)
    Dumper.ignore_aliases = lambda *_: True  # type: ignore[method-assign] # what is shared in memory is written out in full
    text = yaml.dump(document(), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=140)
    return f"# Made by scripts/dev.py openapi from the code; edit that.\n{text}"


def problems_md() -> str:
    """The text of openapi/problems.md."""
    from backend.entrypoints.web.problems import explained  # noqa: PLC0415 - the path to it is set above

    lines = [
        "<!-- Made by scripts/dev.py openapi from the code; edit that. -->",
        "# Problems",
        "",
        "What is refused is answered as `application/problem+json` (RFC 9457). Its `type` is `/problems/` and one of these slugs, which",
        "never change; a rejected sync operation carries the same object. Each has a page at that path.",
        "",
        "以下为全部问题类型，名称永不改变；每一类型都有同名页面。",
    ]
    for problem in explained():
        lines += ["", f"## {problem.slug}", "", f"{problem.status} · {problem.title} · {problem.title_zh}"]
        lines += [part for text in problem.meaning for part in ("", text)]
        if problem.kinds:
            lines += ["", "A case of " + ", ".join(f"[{slug}](#{slug})" for slug in problem.kinds) + "."]
        lines += ["", f"- Way out: {problem.way_out}", f"- 怎么办：{problem.way_out_zh}"]
    return "\n".join(lines) + "\n"


def operations_md() -> str:
    """The text of openapi/operations.md."""
    from scripts.operations_page import operations_md as text  # noqa: PLC0415 - the path to it is set above

    return text()


def states_md() -> str:
    """The text of openapi/states.md."""
    from backend.domains.findings.rules.diagram import states_md as text  # noqa: PLC0415 - the path to it is set above

    return text()


def openapi() -> None:
    """Write the four files."""
    folder = ROOT / "openapi"
    folder.mkdir(exist_ok=True)
    (folder / "openapi.yaml").write_text(openapi_yaml(), "utf-8")
    (folder / "problems.md").write_text(problems_md(), "utf-8")
    (folder / "operations.md").write_text(operations_md(), "utf-8")
    (folder / "states.md").write_text(states_md(), "utf-8")


def faults() -> None:
    """Write tests/FAULTS.md: which test shows which fault of sync."""
    from tests.faults import table  # noqa: PLC0415 - the path to it is set above

    (ROOT / "tests" / "FAULTS.md").write_text(table(), "utf-8")


COMMANDS = {"draft-migration": draft_migration, "openapi": openapi, "faults": faults}


def main() -> None:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, function in COMMANDS.items():
        commands.add_parser(name, help=function.__doc__)
    COMMANDS[parser.parse_args().command]()


if __name__ == "__main__":
    main()
