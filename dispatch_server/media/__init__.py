"""The hub's side of the media plane: forwarding follows committed state, browsers follow the slot map."""
