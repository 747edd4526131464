"""The state machine: random people, a bad line, a server that dies; nothing is lost, nothing doubled, every phone ends with the truth.

The examples are drawn the same each time and share one server, so that each begins where the one before has left the district. A failure
names the commands that led to it; `scripts/soak --seed N` draws others for as long as one likes.
"""

from __future__ import annotations

import itertools
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.machine.oracles import violations
from tests.machine.world import World, bad
from tests.make.bad_line import BadLine
from tests.make.server import seeded_server

WHO = st.integers(0, 5)
WHICH = st.integers(0, 20)
WHAT = st.integers(0, 60)

_GREAT = settings(
    max_examples=2,
    stateful_step_count=40,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.generate,),  # the server goes on between examples: an example tried again would not be the same
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)


class Machine(RuleBasedStateMachine):
    """Each rule is one thing that somebody does; see tests.machine.world."""

    def __init__(self, server, line, folder):
        super().__init__()
        self.folder = folder
        self.world = World(server, line, folder / "phones")

    @rule(who=WHO, where=st.integers(0, 3), what=WHAT, photos=st.integers(0, 2))
    def record(self, who, where, what, photos):
        self.world.record(who, where, what, photos)

    @rule(who=WHO, where=st.integers(0, 1), photos=st.integers(1, 2))
    def record_what_goes_by_itself(self, who, where, photos):
        self.world.record(who, where, 10, photos)  # a manhole with its condition and photos is filed and dispatched by the worker

    @rule(who=WHO, which=WHICH, what=WHAT)
    def amend(self, who, which, what):
        self.world.amend(who, which, what)

    @rule(who=WHO, which=WHICH)
    def note(self, who, which):
        self.world.note(who, which)

    @rule(who=WHO, which=WHICH)
    def withdraw(self, who, which):
        self.world.withdraw(who, which)

    @rule(who=WHO, which=WHICH)
    def add_photo(self, who, which):
        self.world.add_photo(who, which)

    @rule(who=WHO)
    def walk(self, who):
        self.world.walk(who)

    @rule(who=WHO, which=WHICH, what=WHAT)
    def do_work(self, who, which, what):
        self.world.do_work(who, which, what)

    @rule(who=WHO, which=WHICH, what=WHAT)
    def verify(self, who, which, what):
        self.world.verify(who, which, what)

    @rule(which=WHICH, what=WHAT)
    def decide(self, which, what):
        self.world.decide(which, what)

    @rule(who=WHO, limit=st.sampled_from((3, 50, 500)))
    def sync(self, who, limit):
        self.world.sync(who, limit)

    @rule(who=WHO)
    def sync_again(self, who):
        self.world.sync(who)

    @rule(who=WHO)
    def push(self, who):
        self.world.push(who)

    @rule(which=WHICH, what=WHAT)
    def desk(self, which, what):
        self.world.desk(which, what)

    @rule(what=WHAT)
    def suspend(self, what):
        self.world.suspend(what)

    @rule(what=WHAT)
    def change_roles(self, what):
        self.world.change_roles(what)

    @rule(who=WHO, step=st.integers(0, 7))
    def arm_phone(self, who, step):
        self.world.arm_phone(who, step)

    @rule(who=WHO)
    def back_up_phone(self, who):
        self.world.back_up_phone(who)

    @rule(who=WHO)
    def restore_phone(self, who):
        self.world.restore_phone(who)

    @rule(who=WHO)
    def lose_phone(self, who):
        self.world.lose_phone(who)

    @rule(point=st.integers(0, 8), passes=st.integers(1, 4))
    def arm_server(self, point, passes):
        self.world.arm_server(point, passes)

    @rule()
    def kill_server(self):
        self.world.kill_server()

    @invariant()
    def nothing_wrong_yet(self):
        self.world.revive()
        assert not self.world.violations

    def teardown(self):
        self.world.settle()
        found = violations(self.world, self.folder / "fresh")
        self.world.close()
        assert not found, "\n".join(found)


def play(kind, databases, folder):
    """Let the machine run on this kind of database."""
    numbers = itertools.count(1)

    def machine() -> Machine:
        return Machine(server, line, Path(folder) / str(next(numbers)))

    with (
        seeded_server(databases, kind, folder / "server", worker=True) as server,
        BadLine(server.url, seed=23, plan=bad()) as line,
    ):
        run_state_machine_as_test(machine, settings=_GREAT)
        assert line.done["requests"] > 50
        assert server.starts > 2  # it died now and then
