"""What happens by itself, what a move needs, who must agree, how long a step may take, who is told when it takes longer: as dated data.

Nouns: policy (what holds at a place, for a trade and category, at a moment), statement (one dated row: what an administrator said for a
scope), rung (a level that an overdue task is brought to). Stands beside contracts, patrols and community, above deadlines (limits),
territory, catalog and identity. Findings ask `queries.policy_for` and keep the version it answered with on what was decided by it.
"""
