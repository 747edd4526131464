"""Where messages leave the house: a mail server, the webhooks of others."""
