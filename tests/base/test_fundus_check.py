"""What cannot be a fundus is refused; of what can be, nothing is.

On all photographs of DRIVE, STARE, CHASE_DB1 and HRF, as they are, grey,
red-free, green, dark, bright, cropped, in white, noisy, tinted or as JPEG of
quality 10, no measure comes near its limit; `test_real_photographs_pass` looks
at them as they are.
"""

import cv2
import numpy as np
import pytest

from migan_tf.base import fundus_check, image_files
from migan_tf.base.errors import UserError
from migan_tf.phantom.retina import phantom_retina

SIZE = (300, 360)


def seeded():
    return np.random.default_rng(20180329)


def noisy(picture, spread=5.0):
    picture = picture + seeded().normal(0, spread, (*picture.shape[:2], 1))
    return np.clip(picture, 0, 255).astype(np.uint8)


def landscape(sky=(135, 185, 235), ground=(70, 130, 50)):
    """Sky above a hilly ground."""
    picture = np.zeros((*SIZE, 3))
    picture[:] = sky
    hill = 170 + 20 * np.sin(np.arange(SIZE[1]) / 40)
    picture[np.arange(SIZE[0])[:, None] > hill] = ground
    return noisy(picture)


def street():
    """Grey houses with windows before a grey sky."""
    picture = np.full((*SIZE, 3), 210.0)
    for left, top in ((20, 90), (130, 40), (240, 120)):
        picture[top:, left : left + 90] = 120
        for row in range(top + 12, SIZE[0] - 12, 26):
            for column in range(left + 10, left + 80, 22):
                picture[row : row + 14, column : column + 12] = 40
    return noisy(picture, 2.0)


def page(ground=255, ink=0):
    """Lines of text."""
    picture = np.full((*SIZE, 3), ground, np.uint8)
    for row in range(24, SIZE[0] - 10, 16):
        cv2.putText(
            picture,
            "the vessels of the retina seen by a",
            org=(14, row),
            fontFace=cv2.FONT_HERSHEY_SIMPLEX,
            fontScale=0.5,
            color=(ink,) * 3,
            lineType=cv2.LINE_AA,
        )
    return picture


def window():
    """A window of a program in grey."""
    picture = np.full((*SIZE, 3), 235, np.uint8)
    picture[:30] = 60
    picture[30:, :80] = 190
    picture[60:140, 110:330] = 120
    picture[170:280, 120:220] = 30
    return picture


PICTURES = {
    "landscape": (landscape(), "green or blue"),
    "big": (cv2.resize(landscape(), None, fx=5, fy=5), "green or blue"),
    "evening": (landscape(sky=(235, 150, 80)), "green or blue"),
    "street": (street(), "edges along rows and columns"),
    "window": (window(), "edges along rows and columns"),
    "page": (page(), "lines on a white ground"),
    "scan": (noisy(page(225.0, 40.0), 2.0), "lines on it"),
    "terminal": (page(20, 220), "lines on it"),
    "noise": (seeded().integers(0, 256, (*SIZE, 3), np.uint8), "it has"),
    "grain": (np.repeat(seeded().integers(0, 256, (*SIZE, 1), np.uint8), 3, 2),
              "grain"),
    "low": (np.full((10, 60, 3), 90, np.uint8), "each side must have 16"),
    "long": (np.full((20, 400, 3), 90, np.uint8), "8 times the other"),
}  # fmt: skip


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_of_other_things_are_refused_in_words(name):
    picture, words = PICTURES[name]
    with pytest.raises(UserError, match=f"a.png: no fundus found.*{words}"):
        fundus_check.check(picture, "a.png")


def in_grey(fundus):
    return np.repeat(fundus[..., 1:2], 3, axis=2)


def cropped(fundus):
    height, width = fundus.shape[:2]
    return fundus[height // 4 : -height // 4, width // 4 : -width // 4]


def in_white(fundus):
    return np.where(fundus.max(2, keepdims=True) < 20, np.uint8(255), fundus)


def ultra_wide(fundus):
    """In the two colours of scanning lasers."""
    red, green, _ = np.moveaxis(fundus.astype(float), -1, 0)
    wide = np.dstack([red, np.minimum(1.6 * green, 255), 0 * red])
    return wide.astype(np.uint8)


def as_jpeg(fundus):
    quality = [cv2.IMWRITE_JPEG_QUALITY, 10]
    return cv2.imdecode(cv2.imencode(".jpg", fundus, quality)[1], 1)


VARIANTS = {
    "as it is": lambda fundus: fundus,
    "grey": in_grey,
    "green": lambda fundus: fundus * np.uint8([0, 1, 0]),
    "negative": lambda fundus: 255 - in_grey(fundus),
    "dark": lambda fundus: fundus // 5,
    "bright": lambda f: np.clip(f * 1.6, 0, 255).astype(np.uint8),
    "crop": cropped,
    "grey crop": lambda fundus: in_grey(cropped(fundus)),
    "white": in_white,
    "ultra-wide": ultra_wide,
    "jpeg": as_jpeg,
    "small": lambda f: cv2.resize(f, (64, 60), interpolation=cv2.INTER_AREA),
    "blue": lambda fundus: np.ascontiguousarray(fundus[..., ::-1]),
    "noisy": noisy,
    "black": np.zeros_like,
}


@pytest.mark.parametrize("name", VARIANTS)
def test_fundi_of_all_kinds_pass(name):
    for seed in range(4):
        fundus = phantom_retina(*SIZE, seed).fundus
        fundus_check.check(VARIANTS[name](fundus), "a.png")


@pytest.mark.real_data
@pytest.mark.slow
def test_real_photographs_pass(real_data):
    places = [
        place
        for place in sorted(real_data.rglob("*"))
        if place.name in ("images", "stare-images.tar")
    ]
    assert places
    for place in places:
        for file in image_files.list_by_stem("images", place).values():
            fundus = image_files.read_photograph(file)
            for name in ("as it is", "grey", "dark", "crop", "jpeg"):
                fundus_check.check(VARIANTS[name](fundus), file.name)
