"""Endpoints of sync: stores that register, operations in, changes out."""

from backend.domains.sync.api import pull, push, replicas

blueprints = [push.blueprint, pull.blueprint, replicas.blueprint]
