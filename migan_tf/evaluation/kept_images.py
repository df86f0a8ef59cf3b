"""Scored images on the disk, for what has to look at them a second time.

Only when the last one is segmented is the threshold known at which all are
drawn, and large ones do not fit into memory until then.
"""

import collections.abc
import contextlib
import pathlib
import tempfile

import numpy as np

from migan_tf.base.errors import UserError
from migan_tf.evaluation.scored_image import ScoredImage


class KeptImages(collections.abc.Sequence):
    """A sequence of `ScoredImage`s, each read when it is asked for.

    Attributes:
      weights_sha256: of the network that has found their vessels, or None.
    """

    weights_sha256 = None

    def __init__(self, folder, image_ids):
        """Begins with none of them.

        Args:
          folder: where they are written.
          image_ids: of all of them, in their order.
        """
        self._folder, self._ids = pathlib.Path(folder), list(image_ids)
        self._places = {name: i for i, name in enumerate(self._ids)}

    def __len__(self) -> int:
        return len(self._ids)

    def __getitem__(self, place) -> ScoredImage:
        with np.load(self._path(self._ids[place])) as planes:
            return ScoredImage(self._ids[place], **planes)

    def keep(self, image) -> None:
        """Writes one, ten bytes a pixel; in any order."""
        planes = {**vars(image)}
        name = planes.pop("image_id")
        present = {k: plane for k, plane in planes.items() if plane is not None}
        np.savez(self._path(name), **present)

    def _path(self, image_id):
        return self._folder / f"{self._places[image_id]}.npz"


@contextlib.contextmanager
def kept(images, image_ids, folder):
    """Keeps images as long as they are needed.

    Args:
      images: iterable of `ScoredImage`s, in any order.
      image_ids: theirs, in the order of the sequence.
      folder: where there is room for them; a sub-folder is made, and removed
        in the end.

    Yields:
      Their `KeptImages`.

    Raises:
      UserError: there is no room.
    """
    with tempfile.TemporaryDirectory(prefix=".images-", dir=folder) as place:
        found = KeptImages(place, image_ids)
        for image in images:
            try:
                found.keep(image)
            except OSError as error:
                raise UserError(
                    "--output must have room for what is scored until the "
                    f"report is written, ten bytes a pixel: {error}. "
                    f"Received: --output={folder}. Next: give one on another "
                    "disk"
                ) from error
        yield found
