"""Questions about findings: one, lists, documents."""
