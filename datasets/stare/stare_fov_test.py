import numpy as np

from stare import stare_fov


def test_holes_are_filled_and_specks_left_out():
    rows, columns = np.ogrid[:605, :700]
    disc = np.hypot(rows - 302, columns - 350) < 280
    fundus = np.full((605, 700, 3), 30, np.uint8)
    fundus[disc] = (150, 80, 40)
    fundus[250:300, 300:420] = 10  # a dark lesion
    fundus[5:9, 5:60] = 200  # a scratch on the slide
    fov_mask = stare_fov.find_fov(fundus)
    assert set(np.unique(fov_mask)) == {0, 255}
    wrong = ((fov_mask > 0) != disc).sum()
    assert wrong / disc.sum() < 0.002


def test_nothing_is_found_in_a_black_photograph():
    assert not stare_fov.find_fov(np.zeros((605, 700, 3), np.uint8)).any()
