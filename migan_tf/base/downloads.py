"""Every file of a folder of downloads, also inside its zips.

Archives reach a disk under many names: `DRIVE (1).zip`, `archive.zip`, a zip
in a zip, `DRIVE/DRIVE/`, with backslashes for slashes. So a dataset is known
by the names of its files and not by that of what holds them. Nothing is
extracted: a member of a zip is read where it lies.
"""

import dataclasses
import functools
import io
import os
import pathlib
import zipfile
import zlib
from collections.abc import Callable

DEPTH = 5  # folders below the one that is named; a home has many more
LARGEST_INNER_ZIP = 2**30  # bytes, since it is read whole
ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, OSError,
              NotImplementedError, RuntimeError)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class File:
    """One file on the disk or in a zip.

    Attributes:
      parts: the names from the outermost folder down, those of zips among
        them; the last is the file's own.
      where: the same for messages: a path, or a zip and its member.
      read: gives its bytes.
      zips: how many zips it lies in.
    """

    parts: tuple[str, ...]
    where: str
    read: Callable[[], bytes]
    zips: int = 0

    @property
    def name(self) -> str:
        """Its own name."""
        return self.parts[-1]

    @property
    def folder(self) -> str:
        """What holds it: the path of a folder, or a zip and a folder in it."""
        return self.where.removesuffix(self.name).rstrip("/: ")


@dataclasses.dataclass(frozen=True)
class Found:
    """The `files` and, in a sentence each, the zips that are `damaged`."""

    files: list[File]
    damaged: list[str]


def find_files(folder) -> Found:
    """Lists the files below a folder; reads none of them yet.

    Hidden files and folders, and what a Mac adds to a zip (`__MACOSX`), are
    passed over.

    Args:
      folder: a path; one that does not exist holds nothing.

    Returns:
      `Found`, files of folders before those of zips, then by depth and name.
    """
    files, damaged = [], []
    root = pathlib.Path(folder)
    for path in _walk(root):
        parts = path.relative_to(root).parts
        if path.suffix.lower() == ".zip":
            try:
                files += _members(path, parts, where=str(path))
            except ZIP_ERRORS as error:
                damaged.append(
                    f"{path} cannot be read as a zip ({error}); download it "
                    "again, or unpack it by hand."
                )
        else:
            files.append(File(parts, str(path), path.read_bytes))
    files.sort(key=lambda file: (file.zips, len(file.parts), file.parts))
    return Found(files, damaged)


def groups(files, of) -> dict:
    """Files by the folder that they lie in, the first of `find_files` first.

    Args:
      files: `File`s.
      of: function that gives a file's folder, or None to leave it out.

    Returns:
      {folder: list of files}.
    """
    found = {}
    for file in files:
        if (folder := of(file)) is not None:
            found.setdefault(folder, []).append(file)
    return found


def _walk(root):
    for place, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if _is_plain(name))
        if len(pathlib.Path(place).relative_to(root).parts) >= DEPTH:
            folders.clear()
        for name in filter(_is_plain, names):
            yield pathlib.Path(place, name)


def _is_plain(name):
    return not name.startswith(".") and name != "__MACOSX"


def _members(source, parts, where, zips=1):
    """The `File`s of a zip and of the zips inside it."""
    archive = zipfile.ZipFile(source)
    found = []
    for info in archive.infolist():
        inside = [
            part
            for part in info.filename.replace("\\", "/").split("/")
            if part not in ("", ".", "..")
        ]
        if info.is_dir() or info.filename.endswith("\\") or not inside:
            continue
        if not all(map(_is_plain, inside)):
            continue
        all_parts = (*parts, *inside)
        member = f"{where}: {'/'.join(inside)}"
        read = functools.partial(archive.read, info.filename)
        if inside[-1].lower().endswith(".zip"):
            if info.file_size <= LARGEST_INNER_ZIP:
                found += _members(
                    io.BytesIO(read()), all_parts, where=member, zips=zips + 1
                )
        else:
            found.append(File(all_parts, member, read, zips=zips))
    return found
