"""The writes of findings: recording, amending, moving, and what follows from evidence and calendars."""
