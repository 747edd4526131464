"""The writes of sync: keep, judge, register."""
