"""RTP as bytes and numbers: packets, reports, payloads, picture numbers, clocks. No state of a connection."""
