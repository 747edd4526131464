"""The demo district: its ground (geography), its people and contracts (cast), and how they are put into an empty database (seed)."""
