"""Images from links: many at once, each checked, none lost without a word."""
