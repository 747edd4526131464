"""Foreign clients as acceptance: what others wrote against the protocols we speak must work here without a change on either side."""
