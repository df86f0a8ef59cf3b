"""Finds the vessels of one's own photographs.

  python -m migan_tf.segment PHOTO_OR_FOLDER… [--workdir=RUN] [--output=DIR]

Without a run the model that comes with the program is taken. Writes, for each
photograph and at its size, <stem>_vessel_probability.png, <stem>_vessel_map.png
(Otsu inside the FOV) and <stem>_overlay.png. With --recursive sub-folders are
searched too, and kept in the output. What is done is not done again: the same
command goes on where it was stopped; --overwrite makes all anew. Exits with 1
when anything was skipped, and says what and why, before the work where a file's
header tells.
"""

from migan_tf.base import command_line, files, settings
from migan_tf.base.errors import UserError
from migan_tf.inference import model_folder
from migan_tf.inference.flags import Settings


def main(argv):
    """Checks the flags and segments."""
    found = settings.read(Settings)
    command_line.required(output=found.output)
    if len(argv) < 2:
        raise UserError(
            "give photographs or folders of them. Received: none. Next: "
            "python -m migan_tf.segment PHOTO --output=DIR"
        )
    files.check_output(found.output)
    folder = model_folder.find(
        "segmentation", found.workdir, found.model
    ).whole()
    command_line.choose_kernels(folder.config.segmenter)
    from migan_tf.inference import user_files  # TensorFlow, after the flags.

    paths = [files.at_home(path) for path in argv[1:]]
    return user_files.segment_files(
        paths,
        folder,
        output=found.output,
        recursive=found.recursive,
        overwrite=found.overwrite,
        force=found.force,
    )


if __name__ == "__main__":
    settings.define(Settings)
    command_line.run(main)
