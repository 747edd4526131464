"""Questions about patrols and rosters."""
