"""What leaves to a subscriber: slots, the fan-out, what its way carries."""
