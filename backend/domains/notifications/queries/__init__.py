"""Questions about messages, preferences, webhooks and what is to be sent."""
