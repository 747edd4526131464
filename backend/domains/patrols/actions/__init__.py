"""What is written of patrols and of the rosters they follow."""
