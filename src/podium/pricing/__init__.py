"""Price of a product from its catalogue text, image and numbers; no Kedro, no file names."""
