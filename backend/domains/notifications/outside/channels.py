"""One protocol for all that leaves the house."""

from __future__ import annotations

from typing import Protocol

from backend.domains.notifications.rules.delivering import Fault, Parcel


class Channel(Protocol):
    """Sends parcels of one kind: `email` or `webhook`."""

    def send(self, parcel: Parcel) -> Fault | None:
        """Send it, under the delivery's id; None: it arrived. Comes to an end within half a minute, and raises nothing of the network's."""
