"""Finds which files of two folders show the same image, by their names.

Files belong together by name: `01_test.png`, `01_manual1.gif` and
`01_test_mask.gif` do, and so do `im0162.png` and `im0162.ah.ppm.gz`. What
cannot be told for certain is refused: a wrong pair is a wrong result without a
word.
"""

import functools
import operator
import re
import unicodedata
from collections import Counter
from os.path import commonprefix

from absl import logging

from migan_tf.base.errors import UserError

_SEPARATOR = r"[\W_]"
# Words whose number is that of a fold, a model or an annotator and not that of
# an image: `fold1_05`, `epoch100`, `05_manual1`, `05-vessels4`.
_OTHER_NUMBERS = re.compile(
    r"(?<![^\W\d_])(?:folds?|cv|k|epochs?|ep|iter(?:ation)?s?|steps?|versions?"
    r"|ver|v|rev|runs?|seeds?|trials?|exp(?:eriment)?s?|models?|nets?|ckpt"
    r"|checkpoints?|stages?|rounds?|splits?|parts?|batch|members?|ensembles?"
    r"|manual|vessels?|annotators?|annot|observers?|readers?|raters?|experts?"
    r"|graders?|thr(?:eshold)?|scales?|px|dice|auc|f1|acc|ho)"
    rf"{_SEPARATOR}{{0,2}}\d+(?:\.\d+)?(?![^\W_])"
    r"|(?<![^\W_])\d+(?:st|nd|rd|th)(?![^\W\d_a-z])"
    r"|(?<![^\W_])\d+\.\d+(?![^\W_])"
)
# The eye, as it is told in names; both ways of `OD` and `right` are one.
_EYES = {"od": "right", "r": "right", "re": "right", "os": "left", "l": "left",
         "le": "left"}  # fmt: skip
# `01l` of `Image_01L_1stHO`: a letter after a number tells the eye.
_NUMBER = re.compile(r"\d+(?:[a-z](?![^\W_]))?")


def pair(stems, partners, role, subset=False, of="--predictions"):
    """Finds for each file the one of the same image in another folder.

    The rules, of which the first that pairs all decides: the stems are the
    same, also but for one ending that all of a folder have (`left`, `left_gt`);
    each begins or is begun by one partner, up to a separator; what is left of
    them without what all of a folder share is the same (`0162` of `im0162.ah`);
    a number in them is the same. A namesake is never passed over. Capitals,
    leading zeros and Unicode's ways of writing a letter make no difference, and
    the number of a fold, an epoch or a version none either. By numbers nothing
    pairs whose other numbers or whose eyes differ.

    Args:
      stems: those of the one folder.
      partners: those of the other folder.
      role: the other folder's flag or name, for messages.
      subset: whether `partners` may hold more.
      of: the same of `stems`.

    Returns:
      {stem: partner} in the order of `stems`.

    Raises:
      UserError: some stem has no partner, or the other way round, or two
        numbers would pair differently.
    """
    names = _Names(stems, partners, role=role, of=of)
    for rule in _RULES:
        found = rule(names)
        if names.is_complete(found, subset) and not _other_eye(names, found):
            readings = names.readings(subset) if rule is _begun else []
            return names.decided([found, *readings])
    readings = names.readings(subset)
    if not readings:
        raise names.unpaired(subset)
    return names.decided(readings)


def plain_name(stem) -> str:
    """A stem in one spelling, its numbers without leading zeros."""
    return _plain_numbers(_spelled(stem))


class _Names:
    """The names of two folders, in one spelling, and what is said of them."""

    def __init__(self, stems, partners, role, of):
        self.left = {stem: _spelled(stem) for stem in stems}
        self.right = {stem: _spelled(stem) for stem in partners}
        self.role, self.of = role, of

    @functools.cached_property
    def words(self):
        """Of both folders: {stem: counts of its words and numbers}."""
        return _words(self.left), _words(self.right)

    @functools.cached_property
    def shared(self):
        """Of both folders: counts of what all of several names have."""
        return [
            functools.reduce(operator.and_, of.values())
            if len(of) > 1
            else Counter()
            for of in self.words
        ]

    @functools.cached_property
    def common(self):
        """The words that some name of each folder has."""
        return set.intersection(
            *(
                {word for row in of.values() for word in row}
                for of in self.words
            )
        )

    def is_complete(self, found, subset) -> bool:
        """Whether a {stem: partner} leaves nothing out that must not be."""
        used = set(found.values())
        whole = len(found) == len(self.left) == len(used)
        return whole and (subset or len(used) == len(self.right))

    def readings(self, subset):
        """The complete ways in which numbers pair, without contradiction."""
        whole = _whole(self)
        return [
            found
            for found in _numbered(self)
            if self.is_complete(found, subset)
            and not _contradicted(self, found)
            and all(found[stem] == one for stem, one in whole.items())
        ]

    def decided(self, readings):
        """The pairs that all readings agree on, after each of them was said.

        Raises:
          UserError: the readings differ, or a file has a namesake which is
            not its partner.
        """
        found = readings[0]
        for other in (*readings, {**found, **_whole(self)}):
            if other != found:
                raise self.ambiguous(found, other)
        what = f"{self.of} and {self.role}"
        for stem in self.left:
            logging.info("%s: %s", what, f"{stem} and {found[stem]}")
        spare = self.right.keys() - found.values()
        if spare:
            logging.info(
                "%s: files without a partner are left out: %s",
                self.role,
                _listed(spare),
            )
        return {stem: found[stem] for stem in self.left}

    def unpaired(self, subset) -> UserError:
        """The error of names that do not pair, by what pairs best."""
        found = max(
            [*(rule(self) for rule in _RULES), *_numbered(self)], key=len
        )
        alone = self.left.keys() - found.keys()
        spare = self.right.keys() - found.values()
        one, other = (name.lstrip("-") for name in (self.of, self.role))
        told = (
            f"{one} without partner: {_listed(alone)}; {other} without "
            f"{one.removesuffix('s')}: {_listed(spare)}"
        )
        advice = "give all files of one image one name"
        clashing = [stem for stem in found if _clash(self, stem, found[stem])]
        if clashing and not alone:
            told = (
                f"{clashing[0]} and {found[clashing[0]]}, of which one number "
                "is the same, and another number or word is not; so for "
                f"{len(clashing)} of {len(self.left)} files"
            )
        elif not alone and not subset and self.of == "--predictions":
            advice = "--subset scores only what has been predicted"
        return UserError(
            f"{self.of} ({len(self.left)} files) and {self.role} "
            f"({len(self.right)} files) must pair by name. Received: {told}. "
            f"Next: {advice}"
        )

    def ambiguous(self, one, other) -> UserError:
        """The error of names that two readings pair differently."""
        stem = next(stem for stem in self.left if one[stem] != other[stem])
        return UserError(
            f"{self.of} and {self.role} must pair by name in one way. "
            f"Received: {stem}, which could belong to {one[stem]} or to "
            f"{other[stem]}, by one part of its name or by another; so for "
            f"{sum(one[s] != other[s] for s in self.left)} of "
            f"{len(self.left)} files. Next: give all files of one image one "
            "name"
        )


def _spelled(stem):
    """One spelling: NFC and NFD, capitals and small letters are the same."""
    return unicodedata.normalize("NFC", stem).casefold()


def _matched(left, right):
    """{stem: partner} of those whose keys are the same and nobody else's."""
    counts = [Counter(keys.values()) for keys in (left, right)]
    partners = {key: partner for partner, key in right.items()}
    return {
        stem: partners[key]
        for stem, key in left.items()
        if key and counts[0][key] == counts[1][key] == 1
    }


def _whole(names):
    """Those of one name, also but for leading zeros."""
    plain = (
        {stem: plain_name(stem) for stem in side}
        for side in (names.left, names.right)
    )
    return _matched(*plain) | _matched(names.left, names.right)


def _ended(names):
    """Those that are the same but for one ending, after a separator, of all."""
    for these, those in (
        (names.left, names.right),
        (names.right, names.left),
    ):
        if not these:
            continue
        first = next(iter(these.values()))
        endings = {
            other[len(first) :]
            for other in those.values()
            if other != first and _begins(first, other)
        }
        found = []
        for ending in endings:
            longer = {stem: text + ending for stem, text in these.items()}
            one, other = longer, those
            if these is names.right:
                one, other = those, longer
            pairs = _matched(one, other)
            if len(pairs) < len(names.left):
                continue
            # One that is left may be the partner as well: `1_left`, `1_right`.
            spare = names.right.keys() - pairs.values()
            if not any(
                _begins(stem, names.right[partner])
                for stem in names.left.values()
                for partner in spare
            ):
                found.append(pairs)
        if len(found) == 1:
            return found[0]
    return {}


def _begun(names):
    """Those that begin one partner up to a separator, or are begun by one."""
    found = {}
    for stem, spelled in names.left.items():
        near = [
            partner
            for partner, other in names.right.items()
            if _begins(spelled, other) or _begins(other, spelled)
        ]
        if len(near) == 1:
            found[stem] = near[0]
    taken = Counter(found.values())
    return {s: partner for s, partner in found.items() if taken[partner] == 1}


def _begins(start, stem):
    rest = stem[len(start) :]
    return stem.startswith(start) and bool(
        not rest or re.match(_SEPARATOR, rest)
    )


def _varying(names):
    """Those of which the same is left without what all of a folder share."""
    return _matched(*map(_what_varies, (names.left, names.right)))


def _what_varies(spelled):
    words = {
        stem: re.findall(r"[^\W_]+", _OTHER_NUMBERS.sub(" ", text))
        for stem, text in spelled.items()
    }
    shared = set.intersection(*map(set, words.values())) if words else set()
    keys = {
        stem: " ".join(word for word in row if word not in shared)
        for stem, row in words.items()
    }
    # Letters that all begin or end with: `im0162` and `0162` are one image.
    first = _letters(commonprefix(list(keys.values())))
    keys = {stem: key[first:] for stem, key in keys.items()}
    last = _letters(commonprefix([key[::-1] for key in keys.values()]))
    return {
        stem: _plain_numbers(key[: len(key) - last])
        for stem, key in keys.items()
    }


def _letters(text):
    return re.match(r"[^\W\d_]*", text).end()


# The first that pairs all decides.
_RULES = (_whole, _ended, _begun, _varying)


def _numbered(names):
    """Yields what pairs by each of the numbers in the names."""
    left, right = map(_numbers, (names.left, names.right))
    for one in left:
        for other in right:
            yield _matched(one, other)


def _numbers(spelled):
    """[{stem: its first number}, {stem: its second number}, …]."""
    found = {
        stem: _NUMBER.findall(_OTHER_NUMBERS.sub(" ", text))
        for stem, text in spelled.items()
    }
    most = max(map(len, found.values()), default=0)
    return [
        {
            stem: _plain_numbers(row[place]) if place < len(row) else ""
            for stem, row in found.items()
        }
        for place in range(most)
    ]


def _contradicted(names, found):
    return any(_clash(names, stem, found[stem]) for stem in found)


def _other_eye(names, found):
    """Whether some pair is of a left and a right eye, as both names say."""
    left, right = names.words
    return any(
        _eyes_differ(left[stem], right[partner])
        for stem, partner in found.items()
    )


def _eyes_differ(one, other):
    eyes = [{"left", "right"} & row.keys() for row in (one, other)]
    return all(eyes) and eyes[0].isdisjoint(eyes[1])


def _clash(names, stem, partner):
    """Whether two names say themselves that they are of two images.

    Both have numbers beside the one that pairs them, which are not the same;
    or words of which both folders have several, such as those of the two eyes,
    and not the same of them.
    """
    left, right = names.words
    if _eyes_differ(left[stem], right[partner]):
        return True
    sides = [
        row - shared
        for row, shared in zip(
            (left[stem], right[partner]), names.shared, strict=True
        )
    ]
    numbers = [
        Counter({word: n for word, n in side.items() if word.isdigit()})
        for side in sides
    ]
    common = numbers[0] & numbers[1]
    if all(side - common for side in numbers):
        return True
    letters = [
        {word for word in side if not word.isdigit()} & names.common
        for side in sides
    ]
    return letters[0] != letters[1]


def _words(spelled):
    """{stem: counts of its words and numbers}, without those of folds."""
    return {
        stem: Counter(
            _EYES.get(word, _plain_numbers(word))
            for word in re.findall(
                r"\d+|[^\W\d_]+", _OTHER_NUMBERS.sub(" ", text)
            )
        )
        for stem, text in spelled.items()
    }


def _plain_numbers(key):
    return re.sub(r"\d+", lambda number: str(int(number[0])), key)


def _listed(stems):
    return ", ".join(sorted(stems)) or "none"
