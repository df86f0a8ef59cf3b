"""Finds the vessels of one's own photographs.

  python -m migan_tf.segment PHOTO_OR_FOLDER… [--workdir=RUN] [--output=DIR]

Without a run the model that comes with the program is taken. Writes, for each
photograph and at its size, <stem>_vessel_probability.png, <stem>_vessel_map.png
(Otsu inside the FOV) and <stem>_overlay.png. Exits with 1 when anything was
skipped, and says what and why.
"""

from absl import flags

from migan_tf.base import command_line
from migan_tf.base.errors import UserError
from migan_tf.inference import model_folder

_WORKDIR = flags.DEFINE_string("workdir", "", "A run with a segmenter.")
_MODEL = flags.DEFINE_string(
    "model",
    "",
    "Instead of it: a SavedModel or a folder RUN/segmentation. Without both: "
    "the newest in export/models.",
)
_OUTPUT = flags.DEFINE_string("output", "vessels", "Folder of the results.")


def main(argv):
    """Checks the flags and segments."""
    command_line.required(output=_OUTPUT.value)
    if len(argv) < 2:
        raise UserError(
            "give photographs or folders of them. Received: none. Next: "
            "python -m migan_tf.segment PHOTO --output=DIR"
        )
    folder, segmenter = model_folder.find(
        "segmentation", _WORKDIR.value, _MODEL.value
    )
    command_line.choose_kernels(segmenter)
    from migan_tf.inference import (
        user_files,  # TensorFlow, after the flags are right.
    )

    return user_files.segment_files(argv[1:], folder, _OUTPUT.value)


if __name__ == "__main__":
    command_line.run(main)
