"""Who maintains which areas, roads or assets of which trades, from when to when, and who answers where no contract does.

Nouns: contract, section, coverage, responsibility (the matrix). A contractor is a unit of identity. Stands beside patrols and community,
above deadlines, territory, catalog and identity; findings ask it which contract is liable and which executes
(`queries.register_of_contracts`).
Days are days in Asia/Shanghai; a period holds from its `valid_from` until the day before its `valid_until`.
"""
