"""The contrast of each image, and what --contrast may be."""

import numpy as np
import pytest

from migan_tf.base.errors import UserError
from migan_tf.inference.contrast import (
    AS_PHOTOGRAPHED,
    ContrastRange,
    read_contrast,
)


@pytest.mark.parametrize("text", ["1", "1.0", "1:1"])
def test_one_contrast_is_that_of_every_image(text):
    assert read_contrast(text) == AS_PHOTOGRAPHED
    assert [read_contrast(text).draw(seed) for seed in (0, 5)] == [1.0, 1.0]
    assert not read_contrast(text).is_drawn


def test_a_range_is_drawn_from_evenly_by_the_seed():
    found = read_contrast("0.5:1.2")
    assert found == ContrastRange(0.5, 1.2) and found.is_drawn
    drawn = np.array([found.draw(seed) for seed in range(1000)])
    # A tenth of the images in each tenth of the range: 100 ± 4 · 9.5.
    counts, _ = np.histogram(drawn, bins=10, range=(0.5, 1.2))
    assert counts.sum() == 1000 and 62 <= counts.min() <= counts.max() <= 138
    assert found.draw(7) == drawn[7]
    assert found.draw([7, 1, 2]) == found.draw([7, 1, 2]) != found.draw([7, 1])


def test_the_noise_of_the_same_seed_is_not_tied_to_it():
    seeds = range(1000)
    drawn = [ContrastRange(0.0, 4.0).draw(seed) for seed in seeds]
    for kind in ("standard_normal", "random"):
        noise = [getattr(np.random.default_rng(s), kind)() for s in seeds]
        assert abs(np.corrcoef(drawn, noise)[0, 1]) < 4 / np.sqrt(1000)


@pytest.mark.parametrize(
    "text",
    ["", "high", "-0.1", "4.1", "1.2:0.5", "1:2:3", "nan", "0.5:nan", "inf"]
    + ["0.5:", "0.5-1.2"],
)
def test_what_is_no_contrast_is_refused(text):
    told = f"--contrast must be a number.*Received: '{text}'. Next: --contrast="
    with pytest.raises(UserError, match=told):
        read_contrast(text)
