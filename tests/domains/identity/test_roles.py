"""Which roles are held where, and which never together."""

import datetime as dt
import itertools
import uuid

import pytest

from backend.domains.identity.rules import roles

NOW = dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)
UNIT, OTHER = uuid.uuid4(), uuid.uuid4()


def held(role, *, until=None, unit=OTHER):
    return roles.Holding(role, unit, NOW - dt.timedelta(days=9), until)


@pytest.mark.parametrize("contractor", sorted(roles.CONTRACTOR_SIDE))
@pytest.mark.parametrize("verifier", [*sorted(roles.VERIFIER_SIDE), "leader"])
def test_nobody_is_contractor_and_verifier_or_leader_in_either_order(contractor, verifier):
    for new, old in ((contractor, verifier), (verifier, contractor)):
        with pytest.raises(roles.RoleConflict, match=old):
            roles.check_grant(new, UNIT, NOW, [held(old)])


def test_the_three_administrator_posts_stay_apart():
    for new, old in itertools.permutations(roles.ADMINISTRATOR_POSTS, 2):
        with pytest.raises(roles.RoleConflict, match=old):
            roles.check_grant(new, UNIT, NOW, [held(old)])


def test_verifier_roles_go_together_as_do_contractor_roles_and_one_post_in_two_units():
    roles.check_grant("shift_leader", UNIT, NOW, [held("acceptor"), held("dispatcher"), held("inspector")])
    roles.check_grant("contractor_manager", UNIT, NOW, [held("contractor_worker")])
    roles.check_grant("administrator", UNIT, NOW, [held("administrator"), held("leader")])


def test_a_role_that_has_ended_opposes_nothing_but_one_that_still_lasts_then_does():
    roles.check_grant("contractor_worker", UNIT, NOW, [held("inspector", until=NOW)])
    with pytest.raises(roles.RoleConflict):
        roles.check_grant("contractor_worker", UNIT, NOW, [held("inspector", until=NOW + dt.timedelta(seconds=1))])


def test_the_same_role_in_the_same_unit_is_held_once():
    with pytest.raises(roles.RoleHeldAlready):
        roles.check_grant("acceptor", UNIT, NOW, [held("acceptor", unit=UNIT)])
    roles.check_grant("acceptor", UNIT, NOW, [held("acceptor", unit=UNIT, until=NOW)])


@pytest.mark.parametrize(
    ("role", "kind", "fits"),
    [
        ("contractor_manager", "contractor", True),
        ("contractor_manager", "district", False),
        ("inspector", "contractor", False),
        ("inspector", "town", True),
        ("town_officer", "town", True),
        ("town_officer", "district", False),
        ("department_officer", "department", True),
        ("department_officer", "town", False),
        ("liaison", "community", True),
        ("liaison", "town", False),
        ("mayor", "district", False),
    ],
)
def test_roles_are_held_in_units_that_fit(role, kind, fits):
    if fits:
        roles.check_place(role, kind)
    else:
        with pytest.raises(roles.RoleInvalid):
            roles.check_place(role, kind)
