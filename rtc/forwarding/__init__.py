"""What flows from whom to whom."""
