"""Patrols: a walk of one inspector with its track, what was visited even where nothing was found, and the rosters they follow.

Nouns: patrol (巡查), track (轨迹, arriving in chunks), visit; responsibility grid (责任网格) with its terms, shift, absence and cover.
Level: beside contracts and community; below findings, above territory.
"""
