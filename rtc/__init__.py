"""The media plane: RTP is forwarded, never decoded, in worker processes of their own."""
