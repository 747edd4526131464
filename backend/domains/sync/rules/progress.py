"""How far a replica is: what is acknowledged, what is missing, and the chain over all that was kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Protocol


class Chained(Protocol):
    """Where a replica's chain stands, and where it stood before it last moved."""

    @property
    def acked_through(self) -> int: ...
    @property
    def chain(self) -> bytes: ...
    @property
    def checked_through(self) -> int | None: ...
    @property
    def checked_chain(self) -> bytes | None: ...


def advance(acked: int, chain: bytes, above: Mapping[int, bytes], voided: Iterable[int]) -> tuple[int, bytes]:
    """The new `acked_through` and chain hash. `above` maps seqs over `acked` to the SHA-256 of their lines.

    h_n = SHA-256(h_(n−1) ‖ sha256(line n)); a voided seq leaves the hash as it is.
    """
    holes = set(voided)
    while True:
        following = acked + 1
        if following in above:
            chain = hashlib.sha256(chain + above[following]).digest()
        elif following not in holes:
            return acked, chain
        acked = following


def missing(acked: int, above: Iterable[int], voided: Iterable[int]) -> list[tuple[int, int]]:
    """Ranges of seqs below the highest seen that are neither kept nor explained, both ends included."""
    present = sorted({*above, *voided})
    gaps = []
    last = acked
    for seq in present:
        if seq > last + 1:
            gaps.append((last + 1, seq - 1))
        last = max(last, seq)
    return gaps


def differs(place: Chained, through: int | None, claimed: str | None) -> bool:
    """Whether the phone's chain contradicts ours where both can be compared: at what is acknowledged, or one answer before."""
    if not through or claimed is None:
        return False
    if through == place.acked_through:
        return claimed != place.chain.hex()
    return through == place.checked_through and place.checked_chain is not None and claimed != place.checked_chain.hex()
