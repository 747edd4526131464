"""Rules of identity: roles and what keeps them apart, tokens, passwords, lock-out, replicas, the people file."""
