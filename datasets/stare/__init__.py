"""STARE: the TFDS builder, the rules of its files and its field of view."""
