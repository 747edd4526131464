"""Hashing passwords with argon2id (19 MiB, two passes, one lane: about 40 ms), never inside a transaction."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from backend.core.problems import Unavailable
from backend.domains.identity.rules.passwords import prepared

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# The hash of random bytes that nobody kept, made with the parameters above: checking it takes as long as a real one.
_NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$g6Fgm6VczZN+jgK3XHgvJw$EhwXU/cpNnxRhlWO33pdpkebZLR2KdbKtR9adLipXdg"
_PARALLEL = 3  # a process hashes so many at once: more would take memory and every core from those at work
_PATIENCE = 10.0  # seconds
_turns = threading.BoundedSemaphore(_PARALLEL)
_SYLLABLES = [first + second for first in "bdfghkmnprstvz" for second in "aeiou"]


def hashed(password: str) -> str:
    """The argon2id hash of a password, in its encoded form. Raises Unavailable when too many others wait."""
    with _turn():
        return _HASHER.hash(prepared(password))


def matches(password: str, known: str | None) -> bool:
    """Whether this hash is of this password; without a hash (nobody has this login) it works as long and says no."""
    with _turn():
        try:
            _HASHER.verify(known or _NOBODYS, prepared(password))
        except (VerificationError, InvalidHashError):
            return False
    return known is not None


def outdated(known: str) -> bool:
    """Whether this hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(known)


def one_time() -> str:
    """A password to be read out once, as `bako-runi-sete-0417`: 70 syllables to the sixth power times 10,000, about 50 bits of chance.

    Enough behind argon2 and the lock-out, since it only opens the door to choosing an own one.
    """
    words = ["".join(secrets.choice(_SYLLABLES) for _ in range(2)) for _ in range(3)]
    return "-".join([*words, f"{secrets.randbelow(10_000):04}"])


@contextmanager
def _turn() -> Iterator[None]:
    if not _turns.acquire(timeout=_PATIENCE):
        raise Unavailable("too many sign-ins are being checked", headers={"Retry-After": "5"})
    try:
        yield
    finally:
        _turns.release()
