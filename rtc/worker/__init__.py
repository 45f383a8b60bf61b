"""The worker process: the media plane inside it, and its door to the hub."""
