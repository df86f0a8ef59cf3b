"""Draws a page of phantom retinas.

  python docs/make_phantom_sheet.py --output=docs/phantom.png

The retinas have consecutive seeds and stand row by row.
"""

import cv2
from absl import flags

from migan_tf.base import command_line, files
from migan_tf.base.errors import UserError
from migan_tf.phantom import retina

_OUTPUT = flags.DEFINE_string("output", "docs/phantom.png", "The PNG file.")
_ROWS = flags.DEFINE_integer(
    "rows", 3, help="Number of retinas down the page.", lower_bound=1
)
_COLUMNS = flags.DEFINE_integer(
    "columns", 3, help="Number of retinas across the page.", lower_bound=1
)
_HEIGHT = flags.DEFINE_integer(
    "height",
    584,
    help="Height at which a retina is drawn, in pixels.",
    lower_bound=retina.MIN_SIZE,
)
_WIDTH = flags.DEFINE_integer(
    "width",
    565,
    help="Width at which a retina is drawn, in pixels.",
    lower_bound=retina.MIN_SIZE,
)
_SHOWN = flags.DEFINE_integer(
    "shown",
    220,
    help="Height of a retina on the page, in pixels.",
    lower_bound=8,
)
_SEED = flags.DEFINE_integer(
    "seed", 0, help="Seed of the first retina.", lower_bound=0
)


def main(argv):
    """Checks the flags and draws."""
    command_line.no_arguments(argv)
    output = _OUTPUT.value
    if not output.endswith(".png"):
        raise UserError(
            f"--output must end in .png. Received: {output}. "
            "Next: python docs/make_phantom_sheet.py --output=phantom.png"
        )
    page = retina.contact_sheet(
        _ROWS.value,
        _COLUMNS.value,
        height=_HEIGHT.value,
        width=_WIDTH.value,
        seed=_SEED.value,
        shown=_SHOWN.value,
    )
    smallest = [cv2.IMWRITE_PNG_COMPRESSION, 9]
    with files.atomic_path(output) as path:
        cv2.imwrite(str(path), page[..., ::-1], smallest)
    print(f"{_ROWS.value * _COLUMNS.value} retinas: {output}")


if __name__ == "__main__":
    command_line.run(main)
