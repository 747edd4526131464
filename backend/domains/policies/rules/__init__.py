"""Pure rules of policies."""
