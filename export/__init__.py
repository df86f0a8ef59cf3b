"""SavedModels of trained networks for TensorFlow Serving, and their client."""

import migan_tf  # noqa: F401  # Ctrl-C is told from here on.
