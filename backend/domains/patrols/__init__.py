"""Patrols: a shift of one inspector with its track, and what was visited even where nothing was found.

Nouns: patrol (巡查), track (轨迹, arriving in chunks), visit. Level: beside contracts and community; below findings, above territory.
"""
