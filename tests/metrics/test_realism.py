"""Colour, noise, KID, neighbours, against what is computed another way."""

import numpy as np
import pytest

from migan_tf.metrics import realism


def grey(level, side=64):
    return np.full((side, side, 3), level, np.uint8)


def whole(count, side=64):
    return np.ones((count, side, side), bool)


def test_colour_statistics_are_of_the_fov_alone():
    fundus = np.zeros((2, 3, 3), np.uint8)
    fundus[0, 0], fundus[0, 1], fundus[1, 2] = (10, 20, 30), (20, 20, 60), 255
    fov_mask = np.zeros((2, 3), bool)
    fov_mask[0, :2] = True
    means, stddevs = realism.colour_statistics(fundus, fov_mask)
    assert means.tolist() == [15, 20, 45]
    assert stddevs.tolist() == [5, 0, 15]
    with pytest.raises(ValueError, match="`fov_mask` must hold pixels"):
        realism.colour_statistics(fundus, np.zeros((2, 3), bool))


def test_pixel_noise_of_known_noise():
    """A slope and a wide curve count nothing, normal noise by its stddev."""
    rng = np.random.default_rng(0)
    row, column = np.indices((256, 256))
    smooth = 60 + row / 8 + 30 * np.sin(column / 40)
    noisy = smooth[..., None] + rng.normal(0, 5, (256, 256, 3))
    fundus = noisy.round().astype(np.uint8)
    whole_fov = np.ones((256, 256), bool)
    assert realism.pixel_noise(fundus, whole_fov) == pytest.approx(5, rel=0.03)


def test_pixel_noise_of_a_grid_inside_the_fov_alone():
    """By hand: a chequerboard of 100 ± a answers with 16 a."""
    row, column = np.indices((20, 20))
    grid = np.where((row + column) % 2, 97, 103)
    fundus = np.repeat(grid[..., None], 3, -1).astype(np.uint8)
    fundus[:10] = 0
    fov_mask = row >= 10
    expected = np.sqrt(np.pi / 2) / 6 * 16 * 3
    assert realism.pixel_noise(fundus, fov_mask) == pytest.approx(expected)
    assert np.isnan(realism.pixel_noise(fundus, row == 10))


def test_colour_distance_by_hand():
    a = np.array([100.0, 50, 20]), np.array([30.0, 20, 10])
    b = np.array([103.0, 50, 20]), np.array([30.0, 16, 10])
    distance = realism.colour_distance(a, b)
    assert distance == pytest.approx(np.sqrt((9 + 16) / 6))


def test_kid_is_the_double_loop():
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(4, 5)), rng.normal(0.7, 1.5, size=(3, 5))

    def kernel(x, y):
        return (sum(x * y) / 5 + 1) ** 3

    def of_pairs(rows):
        pairs = [
            kernel(x, y)
            for i, x in enumerate(rows)
            for j, y in enumerate(rows)
            if i != j
        ]
        return sum(pairs) / len(pairs)

    across = sum(kernel(x, y) for x in a for y in b) / 12
    expected = of_pairs(a) + of_pairs(b) - 2 * across
    found = realism.kernel_inception_distance(
        a.astype(np.float32), b.astype(np.float32)
    )
    assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    "a, b, message",
    [
        (np.ones((1, 3)), np.ones((2, 3)), "`features_a` must be"),
        (np.ones((2, 3)), np.ones((1, 3)), "`features_b` must be"),
        (np.ones((2, 3)), np.ones((2, 4)), "rows of one length"),
        (np.ones(3), np.ones((2, 3)), "`features_a` must be"),
    ],
)
def test_kid_needs_two_rows_of_one_length(a, b, message):
    with pytest.raises(ValueError, match=message):
        realism.kernel_inception_distance(a, b)


def test_the_nearest_is_found_and_its_distance():
    images = np.stack([grey(100), grey(31)])
    references = np.stack([grey(20), grey(90), grey(200)])
    indices, distances = realism.nearest(
        images, references, image_masks=whole(2), reference_masks=whole(3)
    )
    assert indices.tolist() == [1, 0]
    assert distances == pytest.approx([10, 11])


def test_every_image_is_compared_with_every_reference():
    levels = [np.full((64, 64, 3), x, np.uint8) for x in (10, 13, 20)]
    whole = np.ones((3, 64, 64), bool)
    masks = whole.copy()
    masks[2] = False
    table = realism.distance_table(
        levels[:2], levels, image_masks=whole[:2], reference_masks=masks
    )
    assert table.tolist() == [[0, 3, np.inf], [3, 0, np.inf]]


def test_nothing_is_its_own_neighbour_where_that_is_asked():
    images = np.stack([grey(20), grey(90), grey(100)])
    indices, distances = realism.nearest(
        images,
        images,
        image_masks=whole(3),
        reference_masks=whole(3),
        exclude_self=True,
    )
    assert indices.tolist() == [1, 2, 1]
    assert distances == pytest.approx([70, 10, 10])
    with pytest.raises(ValueError, match="at least 2 images. Received: 1"):
        realism.nearest(
            images[:1],
            images[:1],
            image_masks=whole(1),
            reference_masks=whole(1),
            exclude_self=True,
        )


def test_noise_of_single_pixels_does_not_count():
    rows, columns = np.mgrid[:128, :128]
    chequered = np.where((rows + columns) % 2, 150, 50).astype(np.uint8)
    chequered = np.repeat(chequered[..., None], 3, axis=-1)
    _, distances = realism.nearest(
        chequered[None],
        grey(100, 128)[None],
        image_masks=whole(1, 128),
        reference_masks=whole(1, 128),
    )
    assert distances == pytest.approx([0])


def test_only_what_both_fovs_hold_is_compared():
    image, reference = grey(100), grey(100)
    image[:, :20], reference[:, 50:] = 0, 255
    image[:, 30:32] = 104
    left, right = whole(1), whole(1)
    left[..., :20], right[..., 50:] = False, False
    _, distances = realism.nearest(
        image[None], reference[None], image_masks=left, reference_masks=right
    )
    # Of the 30 columns that both hold, two differ by 4.
    assert distances == pytest.approx([np.sqrt(2 * 16 / 30)])
    _, distances = realism.nearest(
        image[None], reference[None], image_masks=left, reference_masks=~left
    )
    assert distances.tolist() == [np.inf]


def test_a_cell_at_the_edge_of_the_fov_is_left_out():
    image, reference = grey(100, 128), grey(100, 128)
    reference[:, :1] = 0
    inside = whole(1, 128)
    inside[..., :1] = False  # Half of the first column of 64 cells.
    _, distances = realism.nearest(
        image[None], reference[None], image_masks=inside, reference_masks=inside
    )
    assert distances == pytest.approx([0])
