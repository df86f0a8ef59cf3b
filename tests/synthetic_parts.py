"""Small parts of a job of synthetic images, for its tests."""

import dataclasses
import hashlib

import cv2
import numpy as np

from migan_tf.phantom.retina import phantom_retina
from migan_tf.synthesis.pairs import Pair, Recipe

SIDE = 64


@dataclasses.dataclass(frozen=True)
class Drawn:
    """As `sources.DrawnMap`."""

    vessel_map: np.ndarray
    fov_mask: np.ndarray
    origin: dict
    artery_map: np.ndarray | None = None
    vein_map: np.ndarray | None = None


class PhantomSource:
    """Phantoms' maps; a module's class, so that it can be pickled."""

    def draw(self, number, seed):
        retina = phantom_retina(SIDE, SIDE, seed % 1000)
        planes = [
            plane > 0
            for plane in (
                retina.vessel_map,
                retina.fov_mask,
                retina.artery_map,
                retina.vein_map,
            )
        ]
        return Drawn(*planes[:2], {"source": "phantom"}, *planes[2:])


def make_pair(number, arteries=False):
    """A pair with random pixels."""
    rng = np.random.default_rng(number)
    square = (SIDE, SIDE)
    drawn = [rng.random(square) > 0.9 for _ in range(2)]
    return Pair(
        f"{number:07d}_training",
        rng.integers(0, 256, (*square, 3), dtype=np.uint8),
        rng.integers(0, 256, square, dtype=np.uint8),
        rng.random(square) > 0.1,
        *(drawn if arteries else (None, None)),
    )


class StandInMaker:
    """Pairs at once, without networks; number 3 is given up."""

    def __init__(self, job="one"):
        self.made, self._job = [], job

    def make(self, number):
        self.made.append(number)
        facts = {"number": number, "image_id": None, "refused": []}
        facts["job"] = self._job
        if number == 3:
            facts["refused"] = [{"reason": "blank"}, {"reason": "vessels"}]
            return None, facts
        if number == 5:
            facts["refused"] = [{"reason": "vessels"}]
        pair = make_pair(number)
        consistency = 0.5 + number / 100
        return pair, facts | {
            "image_id": pair.image_id,
            "consistency": consistency,
        }


def recipe_of(run, **settings):
    """The recipe of a tiny run, whose images no gate would let through."""
    open_gate = {
        "least_consistency": 0.0,
        "least_distance": 0.0,
        "colour_margin": 255.0,
    }
    return Recipe(
        generator=str(run / "synthesis"),
        reader=str(run / "segmentation"),
        source=PhantomSource(),
        originals=None,
        facts={"job": "one", "model": "tiny", "style": None},
        **{**open_gate, **settings},
    )


def contents(folder):
    """{relative name: SHA-256} of all files below a folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def lit_fundus(retina):
    """A phantom's photograph and masks at its own size, as bool."""
    return retina.fundus, retina.vessel_map > 0, retina.fov_mask > 0


def read_png(path):
    """As OpenCV decodes it; colours blue first."""
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert image is not None, path
    return image
