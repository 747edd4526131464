"""What phones and the desk send about patrols and rosters, and what they are shown."""
