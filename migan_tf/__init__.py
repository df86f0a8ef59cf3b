"""MI-GAN: annotated fundus images from ten examples, and their vessels."""

import os

__version__ = "0.1.0"

# TensorFlow reads this once, when it is first imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
