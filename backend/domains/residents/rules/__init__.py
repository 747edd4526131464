"""Receipts and words, redaction and masks, turns at the public door, who may see what: pure."""
