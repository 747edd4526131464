"""The ground everything stands on: problems, acts, the database, the journal and the one place that commits.

Nothing here knows a word of the business. Neighbours: every domain and every entrypoint stands on it; it stands on none of them.
"""
