"""Phantom: the TFDS builder of procedural retinas."""
