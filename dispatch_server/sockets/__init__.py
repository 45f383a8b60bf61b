"""Socket.IO: one adapter between what browsers say and the use cases, one broadcaster back."""
