"""Amazon ML Challenge: the price of a product from its catalogue text and its image."""
