"""Rules of evidence: pure."""
