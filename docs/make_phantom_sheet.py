"""Draws a page of phantom retinas: `python docs/make_phantom_sheet.py`.

The page in the documentation is made by
`python docs/make_phantom_sheet.py --output=docs/phantom.png`.
"""

import pathlib

import cv2
from absl import flags

from migan_tf.base import command_line
from migan_tf.base.errors import UserError
from migan_tf.phantom import retina

FLAGS = flags.FLAGS
flags.DEFINE_string("output", "phantom.png", "PNG file to write.")
flags.DEFINE_integer("rows", 3, "Retinas down the page.", lower_bound=1)
flags.DEFINE_integer("columns", 3, "Retinas across it.", lower_bound=1)
flags.DEFINE_integer(
    "height", 584, help="Size of a retina, pixels.", lower_bound=retina.MIN_SIZE
)
flags.DEFINE_integer(
    "width", 565, help="The same across.", lower_bound=retina.MIN_SIZE
)
flags.DEFINE_integer("shown", 220, "Height on the page, pixels.", lower_bound=8)
flags.DEFINE_integer("seed", 0, "Seed of the first retina.", lower_bound=0)


def main(argv):
    """Draws the page and says where it is."""
    if len(argv) > 1:
        raise UserError(
            f"phantom_sheet takes flags only. Received: {' '.join(argv[1:])}. "
            "Next: python docs/make_phantom_sheet.py --help"
        )
    if not FLAGS.output.endswith(".png"):
        raise UserError(
            f"--output must end in .png. Received: {FLAGS.output}. "
            "Next: python docs/make_phantom_sheet.py --output=phantom.png"
        )
    page = retina.contact_sheet(
        FLAGS.rows,
        FLAGS.columns,
        height=FLAGS.height,
        width=FLAGS.width,
        seed=FLAGS.seed,
        shown=FLAGS.shown,
    )
    output = pathlib.Path(FLAGS.output)
    output.parent.mkdir(parents=True, exist_ok=True)
    smallest = [cv2.IMWRITE_PNG_COMPRESSION, 9]
    cv2.imwrite(str(output), page[..., ::-1], smallest)
    print(f"{FLAGS.rows * FLAGS.columns} retinas: {FLAGS.output}")


if __name__ == "__main__":
    command_line.run(main)
