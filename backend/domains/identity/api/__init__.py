"""Endpoints of identity: sessions and the own account, people and their roles, units, replicas."""

from backend.domains.identity.api import people, replicas, sessions, units

blueprints = [sessions.blueprint, people.blueprint, units.blueprint, replicas.blueprint]
