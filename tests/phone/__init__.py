"""The reference phone: what an app developer reads to learn the sync protocol, and what the demo day and the journeys drive.

Nothing but HTTP and Python's standard library, and nothing of the server's code. Read in this order:

- `phone.py`    registers, does deeds offline, pushes, delivers photos, pulls; the three other parts in their order
- `outbox.py`   operations: serialised once, kept for good, resent byte for byte; batches, answers, the chain
- `album.py`    photos on their way: tus with resume, or one PUT
- `mirror.py`   the phone's copy of what it may see: pages of changes, each applied in one local transaction
- `store.py`    the phone's own SQLite file, in which all three live
- `wire.py`     HTTP over a connection that can be broken on purpose
- `clock.py`, `ids.py`, `datums.py`   wall and monotonic time, UUIDs, what a map SDK does to a place
"""
