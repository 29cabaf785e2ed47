"""One package per challenge."""
