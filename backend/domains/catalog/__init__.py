"""What can be found: component and event subclasses in dated editions, their filing conditions, limits and closing conditions.

Nouns: edition, category (a subclass, key `kind:code` such as `event:06010`), condition, class default limit, legacy code of the 2013
standard, filing policy. Stands beside territory, above audit and identity; contracts, deadlines and findings read it. It lies in memory
(`queries.catalogue`) and follows changes across processes.
"""
