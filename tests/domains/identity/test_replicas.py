"""Replicas register, are known again, and are revoked."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from backend.core.problems import Unauthenticated
from backend.domains.identity import queries
from backend.domains.identity.actions.replicas import register_replica, revoke_replica
from backend.domains.identity.rules.replicas import RegistrationInvalid, ReplicaMissing, ReplicaTaken, ReplicaWipe

PHONE = {"platform": "android", "app_version": "1.0", "schema": 1}


def test_a_store_is_known_again_by_its_person_and_install(cast):
    first = cast.replica("lin")
    again = cast.replica("lin")
    assert (first.created, again.created) == (True, False)
    assert first.replica.id == again.replica.id
    assert first.credential != again.credential
    assert cast.replica("lin", "store-2").replica.id != first.replica.id
    assert cast.replica("wu").replica.id != first.replica.id, "two people may share a phone"


def test_a_known_store_tells_its_new_version(cast):
    cast.replica("lin")
    cast.do(register_replica, by="lin", install_id="store-1", proposed=None, platform="android", app_version="2.0", schema=3)
    [replica] = cast.ask(queries.list_replicas, cast.person("lin"))
    assert (replica.app_version, replica.schema) == ("2.0", 3)


def test_an_id_proposed_is_honoured_where_nobody_has_it(cast):
    kept = uuid.uuid4()
    assert cast.replica("lin", proposed=kept).replica.id == kept
    assert cast.replica("lin", proposed=kept).replica.id == kept
    assert cast.replica("lin", proposed=uuid.uuid4()).replica.id == kept, "a known store keeps its id"


@pytest.mark.parametrize(("login", "install"), [("wu", "store-1"), ("wu", "store-2"), ("lin", "store-2")])
def test_an_id_of_another_store_is_taken(cast, login, install):
    kept = cast.replica("lin").replica.id
    with pytest.raises(ReplicaTaken):
        cast.replica(login, install, proposed=kept)
    assert cast.ask(queries.get_replica, kept).person == cast.person("lin")


def test_a_store_that_registers_many_times_at_once_is_one_replica(cast):
    cast.person("lin")
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: cast.replica("lin"), range(6)))
    assert len({registered.replica.id for registered in found}) == 1
    assert [registered.created for registered in found].count(True) == 1


def test_two_people_proposing_one_id_at_once_get_one_replica_and_one_refusal(cast):
    kept = uuid.uuid4()
    cast.person("lin"), cast.person("wu")

    def propose(login):
        try:
            return cast.replica(login, proposed=kept).created
        except ReplicaTaken:
            return "taken"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(map(str, pool.map(propose, ["lin", "wu"]))) == ["True", "taken"]


@pytest.mark.parametrize(
    ("facts", "pointer"),
    [
        ({"install_id": ""}, "/install_id"),
        ({"install_id": "x" * 101}, "/install_id"),
        ({"install_id": "a\x00"}, "/install_id"),
        ({"platform": "\ud800"}, "/platform"),
        ({"app_version": "1\n"}, "/app_version"),
        ({"schema": 0}, "/schema"),
        ({"schema": 2**15}, "/schema"),
    ],
)
def test_what_cannot_be_registered(cast, facts, pointer):
    with pytest.raises(RegistrationInvalid) as raised:
        cast.do(register_replica, by="lin", **{"install_id": "s", "proposed": None, **PHONE, **facts})
    assert [fault for fault, _ in raised.value.errors] == [pointer]


def test_only_a_person_registers(cast):
    with pytest.raises(Unauthenticated):
        cast.do(register_replica, install_id="s", proposed=None, **PHONE)


def test_a_revoked_store_never_registers_again_but_another_of_the_same_person_does(cast):
    replica = cast.replica("lin").replica.id
    cast.do(revoke_replica, replica=replica)
    with pytest.raises(ReplicaWipe):
        cast.replica("lin")
    assert cast.replica("lin", "store-2").created


def test_people_see_and_revoke_their_own_and_nobody_elses(cast):
    own = cast.replica("lin").replica.id
    lin, wu, stranger = cast.client("lin"), cast.client("wu"), cast.client("stranger")
    assert [item["id"] for item in lin.get("/api/v1/replicas").json["items"]] == [str(own)]
    assert wu.get("/api/v1/replicas").json["items"] == []
    for other in (wu, stranger, cast.client("zhao")):
        answer = other.post(f"/api/v1/replicas/{own}/revoke")
        assert (answer.status_code, answer.json["type"]) == (404, "/problems/replica_not_found")
    assert lin.get("/api/v1/replicas").json["items"][0]["state"] == "active"
    first, second = (lin.post(f"/api/v1/replicas/{own}/revoke").json for _ in range(2))
    assert first == second
    assert first["state"] == "revoked"


def test_an_administrator_sees_and_revokes_anybodys(cast):
    own = cast.replica("lin").replica.id
    admin = cast.client("admin")
    [item] = admin.get(f"/api/v1/replicas?person={cast.person('lin')}").json["items"]
    assert (item["id"], item["platform"], item["install_id"]) == (str(own), "android", "store-1")
    assert not any("credential" in key or "token" in key for key in item)
    assert admin.post(f"/api/v1/replicas/{own}/revoke").json["revoked_at"]


def test_what_is_not_there_is_missing(cast):
    assert cast.ask(queries.find_replica, uuid.uuid4()) is None
    with pytest.raises(ReplicaMissing):
        cast.ask(queries.get_replica, uuid.uuid4())
