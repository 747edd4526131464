"""Rules of sync: envelopes, order, corrected time, chains, cursors. Pure."""
