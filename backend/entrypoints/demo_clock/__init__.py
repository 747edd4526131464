"""The demo's own clock: an administrator of the demo district sets the time, and what is due by then is done. Never for a real district."""
