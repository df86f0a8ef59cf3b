"""CHASE_DB1: the TFDS builder and the rules of its files."""
