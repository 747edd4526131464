"""Accounts from the command line: `flask --app app people import FILE.csv`, `… people reset-password LOGIN`."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from backend.core import act as acts
from backend.core.act import SYSTEM
from backend.core.perform import perform, reading
from backend.domains.identity import queries
from backend.domains.identity.actions.importing import import_people
from backend.domains.identity.actions.people import reset_password
from backend.domains.identity.outside import passwords
from backend.domains.identity.rules import people_file
from backend.domains.identity.rules.lockout import key_of_login
from backend.domains.identity.rules.people import folded
from backend.entrypoints.cli import operator

people = AppGroup("people", help="People and their accounts. 人员与账号。")


@people.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_file(file: Path) -> None:
    """Import people from a CSV with the columns login,name,phone,role,unit_code (从 CSV 导入人员).

    One line a role; a person may have several lines and holds afterwards exactly the roles of the file. UTF-8 with or without a mark, else
    GB18030. All or nothing: faults are listed by line and column. Who is new gets a one-time password, printed once as login and
    password with a tab between; nobody else's password changes.
    """
    session = operator.session()
    with operator.answering():
        lines, encoding = people_file.read_lines(file.read_bytes())
        with reading(session):
            units = queries.units_by_code(session, [line.unit_code for line in lines])
            entries = people_file.gather(lines, {code: unit.kind for code, unit in units.items()})
            fresh = [entry.login for entry in entries if queries.find_person_by_login(session, entry.login) is None]
        given = {login: passwords.one_time() for login in fresh}
        hashes = {login: passwords.hashed(password) for login, password in given.items()}
        done = perform(session, acts.begin(SYSTEM), import_people, lines=lines, hashes=hashes)
    for login in done.enrolled:
        click.echo(f"{login}\t{given[login]}")
    counts = f"{len(done.enrolled)} enrolled, {len(done.changed)} changed, {len(done.unchanged)} unchanged"
    counts_zh = f"新增 {len(done.enrolled)} 人，更新 {len(done.changed)} 人，未变 {len(done.unchanged)} 人"
    click.echo(f"{counts}; read as {encoding}. {counts_zh}。", err=True)


@people.command("reset-password")
@click.argument("login")
def reset(login: str) -> None:
    """Give a person a new one-time password and print it; all their sessions end (重置密码并结束其全部会话)."""
    session = operator.session()
    with reading(session):
        found = queries.find_person_by_login(session, login)
        person = found.id if found else None
    if person is None:
        raise click.ClickException(f"nobody signs in as {login!r}. 没有登录名为“{login}”的人员。")
    password = passwords.one_time()
    password_hash = passwords.hashed(password)
    perform(session, acts.begin(SYSTEM), reset_password, person=person, password_hash=password_hash, login_key=key_of_login(folded(login)))
    click.echo(password)
