"""The folder on this machine that a job writes its files into."""

import contextlib
import pathlib
import shutil

from migan_tf.base import files
from migan_tf.base.errors import UserError

UNFINISHED = ".unfinished"  # Folder of files that are being written.


class LocalStore:
    """Files by their names below one folder; each is whole or not there.

    A name has parts joined by /. Several machines may write into one folder.
    What the folder refuses is raised as a `UserError`.
    """

    def __init__(self, root):
        """Keeps the folder; the first file makes it."""
        self._root = pathlib.Path(root)

    def exists(self, name) -> bool:
        """Whether the file is there."""
        with self._explained():
            return (self._root / name).exists()

    def read(self, name) -> bytes:
        """The content of the file."""
        with self._explained():
            return (self._root / name).read_bytes()

    def size(self, name) -> int:
        """The length of the file in bytes."""
        with self._explained():
            return (self._root / name).stat().st_size

    def write(self, name, content) -> None:
        """Writes the file, whole or not at all."""
        unfinished = self._root / UNFINISHED
        with (
            self._explained(),
            files.atomic_path(self._root / name, unfinished) as temporary,
        ):
            temporary.write_bytes(content)

    def clear(self) -> None:
        """Removes what jobs that were killed have left of unfinished files."""
        shutil.rmtree(self._root / UNFINISHED, ignore_errors=True)

    @contextlib.contextmanager
    def _explained(self):
        try:
            yield
        except OSError as error:
            raise UserError(
                f"--output must be a folder that can be read and written, with "
                f"room in it. Received: {self._root} ({error}). Put that right "
                "and give the same command again: what is there is kept"
            ) from error
