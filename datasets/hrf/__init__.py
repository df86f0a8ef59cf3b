"""HRF: the TFDS builder and the rules of its files."""
