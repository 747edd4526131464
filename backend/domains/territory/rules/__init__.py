"""Rules of the territory, pure: datums, local metres, areas and their soundness, area files, locating, roads."""
