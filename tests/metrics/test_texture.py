"""Spectra and correlations of noise and waves that are made by formula."""

import numpy as np
import pytest

from migan_tf.metrics import texture

SIDE = 256
WHOLE = np.ones((SIDE, SIDE), bool)
ROWS, COLUMNS = np.indices((SIDE, SIDE))
DISC = np.hypot(ROWS - 127.5, COLUMNS - 127.5) <= 120
NOTHING = np.zeros((SIDE, SIDE), bool)


def fundus_of(plane):
    return np.repeat(np.round(plane)[..., None], 3, -1).astype(np.uint8)


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(0, 20, shape)


def test_white_noise_has_power_one_everywhere():
    found = texture.radial_power(fundus_of(128 + noise(SIDE, SIDE)), DISC)
    assert list(found) == [
        *("4-8", "8-16", "16-32", "32-64", "64-128", "128-256"),
        *("nyquist_axes", "nyquist_diagonal"),
    ]
    # The mean of n exponential variables deviates by 1/√n of itself; the disc
    # holds half as many independent ones as there are bins.
    assert found["4-8"] == pytest.approx(0, abs=0.2)
    assert found["64-128"] == pytest.approx(0, abs=0.03)
    assert found["nyquist_axes"] == pytest.approx(0, abs=0.3)
    # The disc is 240 pixels wide and has no more than 120 cycles.
    assert np.isnan(found["128-256"])


@pytest.mark.parametrize(
    "cycles, band, low, high", [(6, "4-8", 4, 8), (48, "32-64", 32, 64)]
)
def test_a_wave_is_in_its_band_alone(cycles, band, low, high):
    """Parseval: of N bins all power is in the n of the band, N / n each."""
    wave = 128 + 60 * np.sin(2 * np.pi * cycles * ROWS / SIDE)
    found = texture.radial_power(fundus_of(wave), WHOLE)
    bins = np.fft.fftfreq(SIDE, 1 / SIDE)
    radius = np.hypot(bins[:, None], bins)
    count = np.sum((radius >= low) & (radius < high))
    own = found.pop(band)
    assert own == pytest.approx(np.log10(SIDE**2 / count), abs=0.03)
    assert max(v for v in found.values() if np.isfinite(v)) < own - 2


def test_a_grid_of_two_pixels_shows_at_nyquist():
    rows = 128 + 10 * (-1.0) ** ROWS
    found = texture.radial_power(fundus_of(rows), WHOLE)
    # Along rows: 25 bins hold all, 25 more, of columns, hold nothing.
    expected = np.log10(SIDE**2 / 50)
    assert found["nyquist_axes"] == pytest.approx(expected, abs=0.05)
    assert found["nyquist_diagonal"] < -5
    both = 128 + 10 * (-1.0) ** (ROWS + COLUMNS)
    found = texture.radial_power(fundus_of(both), WHOLE)
    expected = np.log10(SIDE**2 / 25)
    assert found["nyquist_diagonal"] == pytest.approx(expected, abs=0.05)
    assert found["nyquist_axes"] < -5


def test_an_odd_side_has_a_nyquist_bin_too():
    grid = 128 + 10 * (-1.0) ** (ROWS + COLUMNS)[:255, :255]
    found = texture.radial_power(fundus_of(grid), WHOLE[:255, :255])
    assert found["nyquist_diagonal"] > 3


def test_neither_the_surround_nor_the_scale_of_levels_counts():
    plane = noise(SIDE, SIDE)
    dark = fundus_of(np.where(DISC, 80 + plane, 0))
    light = fundus_of(np.where(DISC, 80 + plane, 255))
    found = texture.radial_power(dark, DISC)
    np.testing.assert_array_equal(
        list(texture.radial_power(light, DISC).values()), list(found.values())
    )
    softer = texture.radial_power(fundus_of(80 + plane / 4), DISC)
    assert softer["32-64"] == pytest.approx(found["32-64"], abs=0.02)


def test_a_flat_fundus_has_the_least_power_and_no_fov_none():
    found = texture.radial_power(fundus_of(100 + 0 * ROWS), DISC)
    assert found["4-8"] == found["nyquist_axes"] == -9
    with pytest.raises(ValueError, match="`fov_mask` must hold pixels"):
        texture.radial_power(fundus_of(100 + 0 * ROWS), NOTHING)


def test_the_diameter_is_the_greater_extent():
    fov_mask = np.zeros((20, 30), bool)
    fov_mask[3:9, 5:25] = True
    assert texture.diameter(fov_mask) == texture.diameter(fov_mask.T) == 20


def test_white_noise_is_correlated_by_its_local_mean_alone():
    """By hand: δ - box/81 has variance 80/81 and, L on, 9(9 - L)/81² - 2/81."""
    plane = fundus_of(128 + noise(SIDE, SIDE))
    found = texture.noise_autocorrelation(plane, WHOLE, NOTHING)
    for lag in (1, 2, 3):
        expected = (9 * (9 - lag) / 81**2 - 2 / 81) / (80 / 81)
        for name in (f"horizontal_{lag}", f"vertical_{lag}"):
            assert found[name] == pytest.approx(expected, abs=0.012)
    assert found["red_green"] == found["green_blue"] == pytest.approx(1)


def test_noise_that_is_smeared_along_rows():
    white = noise(SIDE, SIDE + 1)
    plane = fundus_of(128 + (white[:, 1:] + white[:, :-1]) / 2)
    found = texture.noise_autocorrelation(plane, WHOLE, NOTHING)
    assert found["horizontal_1"] == pytest.approx(0.5, abs=0.03)
    for name in ("horizontal_2", "vertical_1", "vertical_2"):
        assert abs(found[name]) < 0.05


def test_noise_that_two_channels_share():
    own, shared = noise(SIDE, SIDE, 3), noise(SIDE, SIDE, seed=1)
    own[..., 1] = 0
    planes = np.round(128 + own + shared[..., None]).astype(np.uint8)
    found = texture.noise_autocorrelation(planes, WHOLE, NOTHING)
    for name in ("red_green", "green_blue"):
        assert found[name] == pytest.approx(np.sqrt(0.5), abs=0.01)


def test_vessels_and_rims_are_no_noise():
    plane = 128 + noise(SIDE, SIDE)
    vessel_map = NOTHING.copy()
    vessel_map[100:110, :] = True
    shown = fundus_of(np.where(vessel_map, 10, np.where(DISC, plane, 0)))
    found = texture.noise_autocorrelation(shown, DISC, vessel_map)
    assert abs(found["vertical_1"]) < 0.04
    ground = texture.plain_ground(DISC, vessel_map)
    assert not ground[97:113].any() and ground[96, 128] and ground[113, 128]
    # The disc begins in row 8 and its ground 12 pixels later.
    assert not ground[19, 128] and ground[20, 128]


def test_the_local_mean_is_one_of_ground():
    ground = WHOLE.copy()
    ground[:, :100] = False
    fundus = fundus_of(np.where(ground, 50, 200))
    fundus[128, 150] = 131
    residual = texture.high_passed(fundus, ground)
    assert not residual[:, :100].any()
    np.testing.assert_allclose(residual[:, 100:120], 0, atol=1e-9)
    np.testing.assert_allclose(residual[128, 150], 81 - 1)
    np.testing.assert_allclose(residual[128, 151], -1)


def test_what_has_no_noise_has_no_correlation():
    flat = fundus_of(100 + 0 * ROWS)
    found = texture.noise_autocorrelation(flat, WHOLE, NOTHING)
    assert np.isnan(list(found.values())).all()
    found = texture.noise_autocorrelation(flat, WHOLE, WHOLE)
    assert np.isnan(list(found.values())).all()
