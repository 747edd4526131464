"""The database: one Base, one way to connect, one way to find a row within a run."""
