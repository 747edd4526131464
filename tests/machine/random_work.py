"""Random work for a world: what is done, how often, drawn from a seed. The soak's driver, and a quick one for looking at a failure."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.machine.world import World

DEEDS: dict[str, tuple[int, Callable[[World, Random], object]]] = {
    "record": (14, lambda world, chance: world.record(_n(chance), _n(chance), _n(chance), chance.choice((0, 0, 1, 2)))),
    "amend": (8, lambda world, chance: world.amend(_n(chance), _n(chance), _n(chance))),
    "note": (4, lambda world, chance: world.note(_n(chance), _n(chance))),
    "withdraw": (2, lambda world, chance: world.withdraw(_n(chance), _n(chance))),
    "add_photo": (3, lambda world, chance: world.add_photo(_n(chance), _n(chance))),
    "walk": (5, lambda world, chance: world.walk(_n(chance))),
    "record_manhole": (8, lambda world, chance: world.record(_n(chance), _n(chance) % 2, 10, chance.choice((1, 2)))),
    "do_work": (8, lambda world, chance: world.do_work(_n(chance), _n(chance), _n(chance))),
    "verify": (6, lambda world, chance: world.verify(_n(chance), _n(chance), _n(chance))),
    "decide": (4, lambda world, chance: world.decide(_n(chance), _n(chance))),
    "sync": (14, lambda world, chance: world.sync(_n(chance), chance.choice((3, 50, 500)))),
    "push": (6, lambda world, chance: world.push(_n(chance))),
    "desk": (14, lambda world, chance: world.desk(_n(chance), _n(chance))),
    "suspend": (1, lambda world, chance: world.suspend(_n(chance))),
    "change_roles": (1, lambda world, chance: world.change_roles(_n(chance))),
    "arm_phone": (4, lambda world, chance: world.arm_phone(_n(chance), _n(chance))),
    "back_up_phone": (1, lambda world, chance: world.back_up_phone(_n(chance))),
    "restore_phone": (1, lambda world, chance: world.restore_phone(_n(chance))),
    "lose_phone": (1, lambda world, chance: world.lose_phone(_n(chance))),
    "arm_server": (4, lambda world, chance: world.arm_server(_n(chance), 1 + _n(chance) % 4)),
    "kill_server": (1, lambda world, chance: world.kill_server()),
}


def work(world: World, chance: Random) -> str:
    """One deed; its name."""
    name = chance.choices(tuple(DEEDS), weights=[weight for weight, _ in DEEDS.values()])[0]
    DEEDS[name][1](world, chance)
    world.revive()
    return name


def _n(chance: Random) -> int:
    return chance.randrange(1_000_000)
