"""What a publisher brings: sources, tracks, what is missing of them."""
