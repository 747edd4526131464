"""The writes of identity: units, people and their roles, passwords, sessions, replicas."""
