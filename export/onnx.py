"""Writes a SavedModel as one ONNX file, to run it without TensorFlow.

  python -m export.onnx --output=DIR [--model=export/models/NAME]

Writes DIR/NAME.onnx: all that is served, from the photograph as a camera made
it to the map at its own size. DIR/NAME.json is its card, with the differences
from TensorFlow that were measured when it was written. A run is exported as a
SavedModel first: python -m export.saved_model --workdir=RUN.
"""

import dataclasses

from migan_tf.base import command_line, settings
from migan_tf.base.config import TASKS
from migan_tf.base.settings import field
from migan_tf.inference import model_folder


@dataclasses.dataclass(frozen=True)
class Settings:
    """The flags of the command; each field's help says what it is."""

    output: str = field(
        default="",
        help="Folder of the results; it is made where need be.",
        place=True,
    )
    model: str = field(
        default="",
        help=(
            "SavedModel, folder of its versions, or general, drive or stare; "
            "default: the one that is shipped."
        ),
        place=True,
    )
    task: str = field(
        default="segmentation", help="What the model does.", choices=TASKS
    )


def main(argv):
    """Checks the flags and converts."""
    command_line.no_arguments(argv)
    given = settings.read(Settings)
    command_line.required(output=given.output)
    folder = model_folder.find(given.task, model=given.model).whole()
    config = folder.config
    command_line.choose_kernels(config.segmenter, config.generator)
    from . import onnx_file  # TensorFlow, after the flags are right.

    print(onnx_file.write(folder, given.output))


if __name__ == "__main__":
    settings.define(Settings)
    command_line.run(main)
