"""Who is told what of a finding: the kinds of message with their words, and from which events they follow."""
