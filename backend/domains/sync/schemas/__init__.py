"""Schemas of sync: what phones speak, and what the desk does about it."""
