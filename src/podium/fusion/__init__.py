"""Classifying pairs of embeddings: an image vector and a text vector for every row."""
