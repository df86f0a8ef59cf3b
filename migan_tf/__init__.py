"""MI-GAN: annotated fundus images from ten examples, and their vessels.

  import migan_tf

  segmenter = migan_tf.load_segmenter()
  result = segmenter("photo.jpg")  # .vessel_map, .vessel_probability, …
  generator = migan_tf.load_generator()
  images = generator(result.vessel_map, seed=0, samples=4)  # [0].fundus, …
  scores = migan_tf.score([result.vessel_probability], [truth], [fov_mask])
  migan_tf.train(migan_tf.Config(dataset="phantom/demo", workdir="runs/demo"))

docs/python.md explains them. TensorFlow is imported where one is called first.
"""

import importlib
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from migan_tf.api.generating import load_generator
    from migan_tf.api.scoring import score
    from migan_tf.api.segmenting import load_segmenter
    from migan_tf.api.training import train
    from migan_tf.base.config import Config
    from migan_tf.base.errors import UserError

__version__ = "0.1.0"
__all__ = [
    "Config",
    "UserError",
    "load_generator",
    "load_segmenter",
    "score",
    "train",
]

# TensorFlow reads this once, when it is first imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def _tell_interrupt(kind, error, traceback):
    """What Ctrl-C does while a command is still importing its modules."""
    if not issubclass(kind, KeyboardInterrupt):
        return sys.__excepthook__(kind, error, traceback)
    sys.stderr.write("interrupted\n")
    sys.stderr.flush()
    os._exit(130)  # as `base.command_line` ends; Python would kill itself


# The name is -m while `python -m` imports the package of what it runs.
if sys.argv[:1] == ["-m"] or "migan-" in os.path.basename(
    "".join(sys.argv[:1])
):
    sys.excepthook = _tell_interrupt

# The command `migan_tf.train` has the name of a function. It is run and never
# imported, so that the two do not meet.
_PLACES = {
    "Config": "base.config",
    "UserError": "base.errors",
    "load_generator": "api.generating",
    "load_segmenter": "api.segmenting",
    "score": "api.scoring",
    "train": "api.training",
}


def __getattr__(name):
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.{_PLACES[name]}")
    return globals().setdefault(name, getattr(module, name))


def __dir__():
    return sorted({*globals(), *_PLACES})
