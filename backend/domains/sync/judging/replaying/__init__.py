"""Replaying (I7): what phones and the desk did is done again, in the order of the journal, on an empty database; then both are compared.

Reference data is copied, acts are not: findings, dispatches, patrols and photo facts must come out the same by the rules alone.
"""
