"""Questions of sync: what is kept, what became of it, what changed."""
