"""Rules of findings: moves, visibility, needs, amendments. Pure."""
