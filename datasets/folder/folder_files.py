"""Recognises annotated photographs in a folder, whatever is called what.

Sub-folders named train and test are splits; every other folder has a role, and
the same one in both splits. What a role is, what is in the files tells: colours
are photographs, thin lines are vessels, filled areas are fields of view. Names
tell only the second annotator from the first.
"""

import dataclasses
import pathlib
import re

from migan_tf.base import downloads, image_files, map_kinds, map_values
from migan_tf.base.errors import UserError
from migan_tf.base.pairing import pair
from migan_tf.data.annotated_files import AnnotatedFiles

from .folder_splits import SPLITS, splits_of

NO_SPLITS = ("val", "valid", "validation", "dev")
LOOKED_AT = 3  # files of a folder
# Names that say what must be inside; other names say nothing.
FIXED = {
    "images": map_kinds.PHOTOGRAPH,
    "vessel_maps": map_kinds.VESSELS,
    "fov_masks": map_kinds.FILLED,
    "second_annotator": map_kinds.VESSELS,
}
OF_THE_SECOND = re.compile(
    r"2nd|second|(?<![a-z])vk(?![a-z])|(manual|annotator|observer|reader"
    r"|expert|grader)s?[ _-]?2(?!\d)",
    re.IGNORECASE,
)


@dataclasses.dataclass(frozen=True)
class Layout:
    """What a folder holds.

    Attributes:
      entries: list of `AnnotatedFiles`.
      sentences: what each folder was taken for, and what was left out.
    """

    entries: list[AnnotatedFiles]
    sentences: list[str]


def read_layout(root) -> Layout:
    """Recognises the folders below `root` and pairs their files.

    Args:
      root: a folder that exists.

    Returns:
      `Layout`; without entries where no picture is there at all.

    Raises:
      UserError: what cannot be told for certain, and what to do.
    """
    root = pathlib.Path(root)
    folders = _picture_folders(root)
    if not folders:
        return Layout([], [])
    loose = [role for role in folders if _holds_others(role, folders)]
    kinds = {
        role: _kind(root, role, places)
        for role, places in folders.items()
        if role not in loose
    }
    if not {map_kinds.PHOTOGRAPH, map_kinds.GREY} & set(kinds.values()):
        kinds |= {role: _kind(root, role, folders[role]) for role in loose}
    roles, sentences = _assign(root, kinds)
    # Such as the sheet that `migan_tf.synthesize` draws of its images.
    sentences += [
        f"{_named(role)} holds pictures beside the folders: left out"
        for role in loose
        if role not in kinds
    ]
    entries = _entries(root, {n: folders[role] for n, role in roles.items()})
    return Layout(entries, sentences)


def _holds_others(role, folders) -> bool:
    """Whether others of the folders lie inside the one of a role."""
    inside = f"{role}/" if role else ""
    return any(o != role and o.startswith(inside) for o in folders)


def _picture_folders(root) -> dict:
    """{role, the path without its split: {split or None: folder}}."""
    found = {}
    for file in downloads.find_files(root).files:
        if file.zips or not _has_suffix(file.name):
            continue
        parts = file.parts[:-1]
        words = [part.lower() for part in parts]
        if held_out := set(words) & set(NO_SPLITS):
            raise UserError(
                f"--manual_dir={root} may have the splits train and test. "
                f"Received: {'/'.join(parts)}. Validation is held out of "
                "train by --validation_images. Next: move the files of "
                f"{held_out.pop()} to train"
            )
        split = [word for word in words if word in SPLITS]
        if len({SPLITS[word] for word in split}) > 1:
            raise UserError(
                f"--manual_dir={root}: a folder is of one split. Received: "
                f"{'/'.join(parts)}"
            )
        role = "/".join(part for part in parts if part.lower() not in SPLITS)
        place = found.setdefault(role, {})
        folder = place.setdefault(
            SPLITS[split[0]] if split else None, root.joinpath(*parts)
        )
        if folder != root.joinpath(*parts):
            raise UserError(
                f"--manual_dir={root}: a split has one folder of each kind. "
                f"Received: {folder} and {root.joinpath(*parts)}"
            )
    return found


def _has_suffix(name):
    suffix = name.lower().removesuffix(".gz").rpartition(".")[2]
    return suffix in image_files.SUFFIXES


def _kind(root, role, places) -> str:
    """What the files of a role show; a few of them are looked at."""
    files = [
        file
        for folder in places.values()
        for file in image_files.list_by_stem("manual_dir", folder).values()
    ]
    looked_at = files[:: max(1, len(files) // LOOKED_AT)]
    fixed = FIXED.get(role.rpartition("/")[2].lower())
    if fixed == map_kinds.PHOTOGRAPH:
        for file in looked_at:
            map_kinds.read_photograph(file)
        return fixed
    seen = {f.name: map_kinds.kind_of_file(f) for f in looked_at}
    kinds = set(seen.values())
    told = ", ".join(f"{name}: {kind}" for name, kind in seen.items())
    if map_kinds.PHOTOGRAPH in kinds and kinds & {
        map_kinds.VESSELS,
        map_kinds.FILLED,
        map_kinds.COLOURED_MAP,
    }:
        raise UserError(
            f"--manual_dir={root}: photographs and maps lie in folders of "
            f"their own, such as images/ and vessel_maps/. Received: {told}. "
            "Next: move the maps"
        )
    # An empty map may be among the others; it is refused when all are read.
    kinds = kinds - {map_kinds.EMPTY} or kinds
    if map_kinds.PHOTOGRAPH in kinds:
        kinds = {map_kinds.PHOTOGRAPH}
    if len(kinds) > 1:
        raise UserError(
            f"--manual_dir={root}: the files of one folder show one kind of "
            f"thing. Received: {told}. Next: part them"
        )
    kind = kinds.pop()
    if fixed and kind == fixed:
        return kind
    first = looked_at[0]
    if kind == map_kinds.INVERTED:
        raise UserError(
            f"{first.name} must have bright vessels, or a bright field of "
            f"view, on a dark ground. Received: {kind}. Next: invert it and "
            "its like (255 less each of their levels)"
        )
    if kind == map_kinds.EMPTY or fixed == map_kinds.VESSELS:
        map_values.read_vessel_map(first)  # It says what is wrong.
    if fixed or kind == map_kinds.EMPTY:
        raise UserError(
            f"{next(iter(places.values()))} must hold "
            f"{fixed or 'photographs, vessel maps or FOV masks'}, by its name. "
            f"Received: {kind}. Next: give the folder another name, or other "
            "files"
        )
    return kind


def _assign(root, kinds):
    """({feature: role}, sentences) of {role: kind}."""
    of_kind = {}
    for role, kind in kinds.items():
        of_kind.setdefault(kind, []).append(role)
    images = of_kind.get(map_kinds.PHOTOGRAPH, [])
    if not images:
        images = of_kind.get(map_kinds.GREY, [])
    # Beside the folder of that name others may show overlays, say.
    named = [role for role in images if role.lower().split("/")[-1] == "images"]
    images = named if len(named) == 1 else images
    if len(images) != 1:
        raise UserError(
            f"--manual_dir={root} must hold one folder of photographs, also "
            "divided into train and test. Received: "
            f"{', '.join(map(_named, images)) or 'none'} among "
            f"{', '.join(map(_named, kinds))}. Next: "
            + (
                "name one set of several: "
                f"--dataset=folder:{root / images[0].split('/')[0]}, or give "
                "photographs the only folder images/"
                if len(images) > 1
                else "put the photographs into images/"
            )
        )
    roles = {"fundus": images[0]}
    vessels = of_kind.get(map_kinds.VESSELS, [])
    second = [role for role in vessels if OF_THE_SECOND.search(role)]
    if len(vessels) == 1:
        second = []
    first = [role for role in vessels if role not in second]
    fields = of_kind.get(map_kinds.FILLED, [])
    for feature, found, advice in (
        ("vessel_map", first, "vessel_maps/ and second_annotator/"),
        ("second_annotator", second, "second_annotator/"),
        ("fov_mask", fields, "fov_masks/"),
    ):
        if len(found) > 1:
            raise UserError(
                f"--manual_dir={root}: one folder at most holds each kind of "
                f"map. Received, for {feature}: {', '.join(map(_named, found))}"
                f". Next: call them {advice}, and move others elsewhere"
            )
        if found:
            roles[feature] = found[0]
    sentences = [
        f"{_named(role)} holds {kinds[role]}: taken for {feature}"
        for feature, role in roles.items()
    ]
    sentences += [
        f"{_named(role)} holds {kind}: left out"
        for role, kind in kinds.items()
        if role not in roles.values()
    ]
    return roles, sentences


def _named(role):
    return f"{role or '.'}/"


def _entries(root, places):
    """The `AnnotatedFiles` of {feature: {split or None: folder}}."""
    listed = {
        feature: {
            split: image_files.list_by_stem("manual_dir", folder)
            for split, folder in of_split.items()
        }
        for feature, of_split in places.items()
    }
    photographs = listed.pop("fundus")
    entries = []
    partners = {
        feature: _partners(photographs, of_split, feature=feature)
        for feature, of_split in listed.items()
    }
    splits = splits_of(root, photographs)
    stems = [stem for files in photographs.values() for stem in files]
    for folder_split, files in photographs.items():
        for stem, file in files.items():
            split = splits[folder_split, stem]
            image_id = stem if stems.count(stem) == 1 else f"{stem}_{split}"
            maps = {f: p.get((folder_split, stem)) for f, p in partners.items()}
            entries.append(AnnotatedFiles(image_id, split, file, **maps))
    return sorted(entries, key=lambda e: (e.split != "train", e.image_id))


def _partners(photographs, maps, feature):
    """{(split, stem of a photograph): its map}."""
    if set(maps) != {None} and not set(maps) <= set(photographs):
        raise UserError(
            f"{feature}: maps are divided into train and test as their "
            "photographs are. Received: photographs in "
            f"{', '.join(map(str, photographs))}, maps in "
            f"{', '.join(map(str, maps))}"
        )
    found = {}
    for split, files in maps.items():
        within = {
            (place, stem): file
            for place, of_split in photographs.items()
            for stem, file in of_split.items()
            if split in (None, place)
        }
        stems = [stem for _, stem in within]
        if len(set(stems)) < len(stems):
            raise UserError(
                f"{feature}: the photographs of train and test have the same "
                "names, so the maps must be divided as they are. Received: "
                f"{len(files)} maps in one folder"
            )
        # Only the vessels of the first annotator must be there for all.
        some = feature != "vessel_map"
        pairs = pair(
            list(files),
            stems,
            role="photographs",
            of=f"{feature}s".replace("annotators", "annotator"),
            subset=some,
        )
        maps_of = {stem: files[name] for name, stem in pairs.items()}
        for place, stem in within:
            if stem in maps_of:
                found[place, stem] = maps_of[stem]
    return found
