"""The hub: composition root, HTTP, Socket.IO, store, notifications and the use cases that tie the pure
rooms together.
"""
