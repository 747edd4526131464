"""Which contract answers for a place, and what a contract must look like: pure values."""
