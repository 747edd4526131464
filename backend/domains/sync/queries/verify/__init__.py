"""The invariants I1 to I6 of the protocol (section 8), the feed and the counts, read in one snapshot with flat memory."""
