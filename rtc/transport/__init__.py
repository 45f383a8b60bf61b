"""One peer's way: ports, checks, handshakes, keys."""
