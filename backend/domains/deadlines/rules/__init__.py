"""The pure part: limits and their units, the working calendar and its CSV, clock events, the clock (until when), explain (why)."""
