"""Rows of findings and of all that is kept with them."""
