"""What identity has from outside: argon2 and one-time passwords."""
