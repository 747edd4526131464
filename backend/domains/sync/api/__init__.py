"""Endpoints of sync: stores that register, operations in, changes out; and the desk's side of it."""

from backend.domains.sync.api import conflicts, exceptions, incidents, ledger, pull, push, replicas

blueprints = [
    push.blueprint,
    pull.blueprint,
    replicas.blueprint,
    exceptions.blueprint,
    conflicts.blueprint,
    ledger.blueprint,
    incidents.blueprint,
]
