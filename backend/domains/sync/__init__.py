"""Sync: operations in, changes out. What arrived is kept raw before anything judges it; what became of it is a second, changeable fact.

Nouns: push, kept line, operation, outcome (applied, merged, conflict, rejected, deferred, received), progress of a replica, scope, cursor.
Level: on top of all domains; it calls their actions and nobody calls it.
"""
