"""A folder of one's own: the TFDS builder and how its files are recognised."""
