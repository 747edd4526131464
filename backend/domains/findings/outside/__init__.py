"""Adapters of findings: sheets."""
