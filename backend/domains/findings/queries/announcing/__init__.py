"""Whom a message about a finding is for, and the facts that its words are made from."""
