"""What changes messages, preferences, webhooks and deliveries."""
