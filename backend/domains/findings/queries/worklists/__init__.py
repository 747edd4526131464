"""Worklists: what waits for somebody, what is due first before. One table; pages, counts and sheets read by the same conditions."""
