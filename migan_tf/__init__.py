"""MI-GAN: annotated fundus images from ten examples, and their vessels."""

import os

__version__ = "0.1.0"

# TensorFlow reads these once, when it is first imported. oneDNN makes the
# max-pool U-Net's step faster on a CPU and the paper's generator slower
# (benchmarks/README.md); one setting for all keeps a run reproducible. Whoever
# sets the variable keeps the last word.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
