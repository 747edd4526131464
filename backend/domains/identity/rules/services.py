"""Service persons: in whose name something is done by people who have no account. They have no login, no password and no role.

They stand in the table of people, so that journal, findings and replays name who did something as they always do.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Service:
    """A service person. `login` is none that anybody can sign in with: no login has a colon (`rules.people.is_login`)."""

    person: UUID
    login: str
    name: str


RESIDENT = Service(UUID("00000000-0000-7000-8000-726573696465"), "service:resident", "居民 / Resident")
SERVICES = {service.person: service for service in (RESIDENT,)}


def is_service(person: UUID | None) -> bool:
    """Whether this is a service person: nobody to notify, to grant roles or to hand work to."""
    return person in SERVICES
