"""SavedModels of trained networks for TensorFlow Serving, and their client."""
