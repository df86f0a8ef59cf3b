"""A folder on this machine that a job writes its files into."""

import os
import pathlib
import shutil

from migan_tf.errors import UserError

# Files on their way; a name that no dataset has.
UNFINISHED = ".unfinished"


class LocalStore:
    """Files by name below one folder; each is whole or not there."""

    def __init__(self, root):
        """Keeps the folder; it is made by the first file."""
        self._root = pathlib.Path(root)

    def exists(self, name) -> bool:
        """Whether the file `name` (parts joined by /) is there."""
        return (self._root / name).exists()

    def read(self, name) -> bytes:
        """What the file holds."""
        return (self._root / name).read_bytes()

    def size(self, name) -> int:
        """The file's length in bytes."""
        return (self._root / name).stat().st_size

    def write(self, name, content) -> None:
        """Writes the file, whole or not at all.

        Raises:
          UserError: the folder cannot be written to, or is full.
        """
        path = self._root / name
        on_its_way = f"{os.getpid()}+{name.replace('/', '+')}"
        unfinished = self._root / UNFINISHED / on_its_way
        try:
            for folder in (path.parent, unfinished.parent):
                folder.mkdir(parents=True, exist_ok=True)
            with unfinished.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(unfinished, path)
        except OSError as error:
            raise UserError(
                f"--output: {path} could not be written: {error}. Make room, "
                "or check the folder's permissions, and give the same command "
                "again: what is there is kept"
            ) from error

    def clear(self) -> None:
        """Removes what jobs that were killed have left of unfinished files."""
        shutil.rmtree(self._root / UNFINISHED, ignore_errors=True)
