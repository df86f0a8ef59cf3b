"""A folder on this machine that a job writes its files into."""

import contextlib
import pathlib
import shutil

from migan_tf.base import files
from migan_tf.base.errors import UserError

# Files on their way; a name that no dataset has.
UNFINISHED = ".unfinished"


class LocalStore:
    """Files by name below one folder; each is whole or not there.

    Several machines may write into one folder. Whatever the folder refuses is
    a `UserError`.
    """

    def __init__(self, root):
        """Keeps the folder; it is made by the first file."""
        self._root = pathlib.Path(root)

    def exists(self, name) -> bool:
        """Whether the file `name` (parts joined by /) is there."""
        with self._explained():
            return (self._root / name).exists()

    def read(self, name) -> bytes:
        """What the file holds."""
        with self._explained():
            return (self._root / name).read_bytes()

    def size(self, name) -> int:
        """The file's length in bytes."""
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
