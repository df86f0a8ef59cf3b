"""Small parts of a job of synthetic pairs, for its tests."""

import hashlib

import cv2
import numpy as np

from migan_tf.phantom.retina import phantom_retina
from migan_tf.synthesis.flags import Settings
from migan_tf.synthesis.pairs import Pair
from migan_tf.synthesis.recipe import Recipe
from migan_tf.vessel_maps.sources import DrawnMap

SIDE = 64
# A tiny network paints nothing that a gate would let through.
OPEN_GATE = {
    "least_consistency": 0.0,
    "least_distance": 0.0,
    "colour_margin": 255.0,
}


class PhantomSource:
    """Phantoms' maps, whose seed is known from the manifest."""

    def draw(self, number, seed):
        retina = phantom_retina(SIDE, SIDE, seed % 1000)
        return DrawnMap(
            retina.vessel_map > 0,
            retina.fov_mask > 0,
            origin={"source": "phantom"},
            artery_map=retina.artery_map > 0,
            vein_map=retina.vein_map > 0,
        )


def recipe_of(run, **settings):
    """The recipe of a tiny run, with a gate that lets all through."""
    return Recipe(
        generator=str(run / "synthesis"),
        reader=str(run / "segmentation"),
        source=PhantomSource(),
        originals=None,
        facts={"job": "one", "model": "tiny", "style": None},
        **{**OPEN_GATE, **settings},
    )


def settings_of(run, output, **changes):
    """The flags of a small job of a tiny run, whose gate lets all through."""
    small = dict(vessel_source="deformed", count=12, **OPEN_GATE)
    places = dict(workdir=str(run), output=str(output))
    return Settings(**{**places, **small, **changes})


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
    """Makes pairs at once, without networks; number 3 is given up."""

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
        return pair, facts | {
            "image_id": pair.image_id,
            "consistency": 0.5 + number / 100,
        }


def contents(folder):
    """{relative name: SHA-256} of all files below a folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def read_png(path):
    """As OpenCV decodes it; colours blue first."""
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert image is not None, path
    return image
