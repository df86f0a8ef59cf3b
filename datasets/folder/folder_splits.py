"""The table that says which photographs of a folder train and which test."""

import codecs
import csv

from migan_tf.base import downloads, image_files
from migan_tf.base.errors import UserError
from migan_tf.base.pairing import plain_name

SPLITS = {"train": "train", "training": "train", "test": "test",
          "testing": "test"}  # fmt: skip
SPLITS_FILE, COLUMNS = "splits.csv", ("image", "split")


def splits_of(root, photographs) -> dict:
    """Which split each photograph is of, by its folder or by the table.

    Args:
      root: the folder of the dataset.
      photographs: {split of their folder or None: {stem: file}}.

    Returns:
      {(split of the folder or None, stem): "train" or "test"}.

    Raises:
      UserError: folders and a table both tell the splits, or the table is none
        or does not name every photograph once.
    """
    known = {
        (split, stem): split or "train"
        for split, files in photographs.items()
        for stem in files
    }
    path = _splits_file(root)
    if path is None:
        return known
    if set(photographs) != {None}:
        raise UserError(
            f"{path} and folders for train and test both tell the splits. "
            "Next: remove one of them"
        )
    told = _of_photographs(_read_splits(path), list(photographs[None]))
    absent = sorted(told.keys() - photographs[None].keys())
    without = sorted(photographs[None].keys() - told.keys())
    if absent or without:
        raise UserError(
            f"{path} must name every photograph once, by its name with or "
            "without its suffix. Received: photographs that it does not name: "
            f"{', '.join(without) or 'none'}; names without a photograph: "
            f"{', '.join(absent) or 'none'}. Next: write them so in the table"
        )
    return {(None, stem): split for stem, split in told.items()}


def _splits_file(root):
    """The table of the splits, in capitals or not; None where there is none.

    One under another name would be overlooked, and its test photographs
    trained on.
    """
    found = [
        root.joinpath(*file.parts)
        for file in downloads.find_files(root).files
        if not file.zips
        and file.name.lower().endswith(".csv")
        and "split" in file.name.lower()
    ]
    if not found:
        return None
    path = found[0]
    right = path.parent == root and path.name.lower() == SPLITS_FILE
    if len(found) > 1 or not right:
        raise UserError(
            f"--manual_dir={root} may have one table of the splits, "
            f"{root / SPLITS_FILE}. Received: {', '.join(map(str, found))}. "
            "Next: give it that name, or move others elsewhere"
        )
    return path


def _of_photographs(told, stems):
    """{stem of a photograph: split}, where a spreadsheet made 1 of 01, too."""
    known = {plain_name(stem): stem for stem in stems}
    if len(known) < len(stems) or len({*map(plain_name, told)}) < len(told):
        return told
    return {known.get(plain_name(n), n): split for n, split in told.items()}


def _rows(lines):
    """(header in small letters, [(line number, cells)]) of a table.

    Spreadsheets leave rows and columns of nothing behind.
    """
    for delimiter in ",;\t":
        reader = csv.reader(lines, delimiter=delimiter)
        rows = [
            (reader.line_num, [cell.strip() for cell in row])
            for row in reader
            if any(map(str.strip, row))
        ]
        header = [name.lower() for name in rows[0][1]] if rows else []
        if all(map(header.count, COLUMNS)):
            break
    return header, rows[1:]


def _read_splits(path):
    """{stem: split} of a table, which may come from a spreadsheet."""
    rule = f"{path} must be a table with the columns image,split"
    try:
        content = path.read_bytes()
        wide = content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        lines = content.decode("utf-16" if wide else "utf-8-sig").splitlines()
        if lines and lines[0].lower().startswith("sep="):  # as Excel says it
            lines = lines[1:]
        header, rows = _rows(lines)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(
            f"{rule}, in UTF-8. Received: {error}. Next: save it as CSV UTF-8"
        ) from error
    if not rows or not all(map(header.count, COLUMNS)):
        raise UserError(
            f"{rule}. Received: {lines[0] if lines else 'nothing'}. Next: "
            "begin it with the line image,split"
        )
    if any(header.count(name) > 1 for name in COLUMNS):
        raise UserError(
            f"{rule}, each once. Received: {lines[0]}. Next: leave one of them"
        )
    told = {}
    for number, row in rows:
        cells = dict(zip(header, row, strict=False))
        image, word = cells.get("image", ""), cells.get("split", "")
        split = SPLITS.get(word.lower())
        stem = image_files.stem_of(image)
        if split is None or stem in told or not stem:
            raise UserError(
                f"{rule}, each image once, each split train or test "
                "(validation is held out of train by --validation_images). "
                f"Received: {image},{word} in line {number}. Next: mend or "
                "remove that line"
            )
        told[stem] = split
    return told
