"""The soak: random work over a bad line on a server that dies, for as long as one likes; see tests/machine."""
