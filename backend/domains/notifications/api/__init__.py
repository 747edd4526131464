"""Endpoints of the inbox, of one's preferences and of one's webhooks."""
