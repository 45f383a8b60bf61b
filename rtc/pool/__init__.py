"""The hub's side: all workers as one media plane."""
