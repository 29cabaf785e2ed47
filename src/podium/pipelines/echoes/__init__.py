"""Embedded Echoes: important or not, from an image and a text embedding."""
