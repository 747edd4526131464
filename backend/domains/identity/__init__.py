"""Identity: who may come in, as whom, and from which phone.

Nouns: unit (district, town, department, contractor, community), person, role held (a role within a unit, from a moment to a moment),
login session (opaque token), replica (one local store of one person on one phone) with its credential, login guard (lock-out).

Neighbours: the lowest domain; everything above asks it who somebody is, what they may do now and what they might do at a past moment.
The application hands `queries.authenticate` down to `core.http.callers`. What a replica has pushed and pulled is the business of sync.
"""
