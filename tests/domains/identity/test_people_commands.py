"""`people import` and `people reset-password`, as an operator runs them."""

import pytest

from backend.core import act as acts
from backend.core.act import SYSTEM
from backend.domains.identity import queries
from backend.domains.identity.actions.people import disable_person
from backend.domains.identity.outside import passwords
from backend.entrypoints.cli.identity import people
from tests.make.people import PASSWORD

HEAD = "login,name,phone,role,unit_code\n"


@pytest.fixture
def run(app, tmp_path):
    runner = app.test_cli_runner()

    def run(*words, file=None, encoding="utf-8"):
        if file is not None:
            path = tmp_path / "people.csv"
            path.write_bytes(file.encode(encoding))
            words = (*words, str(path))
        return runner.invoke(people, words)

    return run


def given_to(result):
    return dict(line.split("\t") for line in result.stdout.splitlines())


def roles_now(cast, login):
    person = cast.ask(queries.find_person_by_login, login).id
    return {(held.role, unit.code) for held, unit in cast.ask(queries.roles_of, [person], acts.begin(SYSTEM).at)[person]}


def test_people_come_in_with_roles_and_a_password_that_must_be_changed(run, cast, client):
    cast.unit("330113001"), cast.unit("330113")
    result = run(
        "import", file=HEAD + "he,何晴,13800138000,acceptor,330113\nhe,何晴,13800138000,shift_leader,330113\nxu,徐,,inspector,330113001\n"
    )
    assert result.exit_code == 0, result.output
    given = given_to(result)
    assert list(given) == ["he", "xu"]
    assert "2 enrolled, 0 changed, 0 unchanged" in result.stderr
    assert roles_now(cast, "he") == {("acceptor", "330113"), ("shift_leader", "330113")}
    answer = client.post("/api/v1/sessions", json={"login": "he", "password": given["he"]})
    assert answer.status_code == 201
    assert answer.json["user"]["must_change_password"] is True
    assert answer.json["user"]["phone"] == "13800138000"


def test_a_second_import_changes_names_and_roles_but_no_password_and_no_disabled_account(run, cast, client):
    cast.unit("330113001"), cast.unit("330113"), cast.unit("hangyang")
    cast.person("lin"), cast.person("zhao")
    cast.person("worker", ("inspector", "330113"))
    cast.do(disable_person, person=cast.person("zhao"))
    result = run(
        "import",
        file=HEAD
        + "lin,林小,,inspector,330113001\n"  # another name
        + "zhao,赵敏,,acceptor,330113\nzhao,赵敏,,shift_leader,330113\n"  # nothing new
        + "worker,worker,,contractor_worker,hangyang\n",  # changes sides: the old role ends in the same moment
    )
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    assert "0 enrolled, 2 changed, 1 unchanged" in result.stderr
    assert cast.ask(queries.find_person_by_login, "lin").name == "林小"
    assert roles_now(cast, "worker") == {("contractor_worker", "hangyang")}
    assert cast.ask(queries.find_person_by_login, "zhao").disabled_at is not None
    assert client.post("/api/v1/sessions", json={"login": "lin", "password": PASSWORD}).status_code == 201


def test_a_file_with_faults_lists_them_all_and_imports_nobody(run, cast):
    cast.unit("330113001")
    result = run("import", file=HEAD + "he,何,,inspector,330113001\nxu,徐,,mayor,330113001\nyi,易,,inspector,nowhere\n")
    assert result.exit_code == 1
    assert "/3/role" in result.output
    assert "/4/unit_code" in result.output
    assert cast.ask(queries.find_person_by_login, "he") is None
    assert result.stdout == ""


def test_excel_in_chinese_is_read(run, cast):
    cast.unit("330113001")
    result = run("import", file=HEAD + "he,何晴,,inspector,330113001\n", encoding="gb18030")
    assert "gb18030" in result.stderr
    assert cast.ask(queries.find_person_by_login, "he").name == "何晴"


def test_a_reset_gives_a_new_password_once_and_ends_all_sessions(run, cast):
    lin = cast.client("lin")
    result = run("reset-password", "LIN")
    assert result.exit_code == 0, result.output
    assert lin.get("/api/v1/people/me").status_code == 401
    row = cast.ask(queries.find_person_by_login, "lin")
    assert row.must_change_password
    assert passwords.matches(result.stdout.strip(), row.password_hash)


def test_a_reset_opens_a_locked_login(run, cast, client):
    cast.person("lin")
    for _ in range(6):
        answer = client.post("/api/v1/sessions", json={"login": "lin", "password": "wrong"})
    assert answer.status_code == 429
    password = run("reset-password", "lin").stdout.strip()
    assert client.post("/api/v1/sessions", json={"login": "lin", "password": password}).status_code == 201


def test_nobody_is_reset_under_an_unknown_login(run):
    result = run("reset-password", "nobody")
    assert result.exit_code == 1
    assert "nobody" in result.output
