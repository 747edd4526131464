"""Judging: brings kept operations to the actions of the domains, a run a commit. A role of its own: it performs, and is no HTTP."""
