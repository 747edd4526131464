"""Territory: where things are.

Nouns: area (district > town > community > unit grid, codes of 6, 9, 12 and 15 digits), road segment, datum, layer (the grids in force, held
in memory to locate points). Places come in as WGS-84, GCJ-02 or BD-09 and are kept in WGS-84 beside what was received.

Neighbours: stands above audit and identity, beside catalog; evidence, deadlines, contracts, patrols and findings ask it for places.
"""
