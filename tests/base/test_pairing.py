"""Which files belong together by name, and which names tell it not."""

import unicodedata

import pytest

from migan_tf.base.errors import UserError
from migan_tf.base.pairing import pair


def stems(pattern, names):
    return [pattern.format(name) for name in names]


DRIVE = [f"{i:02d}" for i in range(1, 21)]
STARE = ["0162", "0163", "0235", "0319"]
CHASE = ["01L", "01R", "02L", "11R"]


@pytest.mark.parametrize(
    "names, left, right",
    [
        (DRIVE, "{}_test", "{}_manual1"),
        (DRIVE, "{}_test", "{}_test_mask"),
        (DRIVE, "{}", "{}_manual2"),
        (DRIVE, "vgan2_{}_test", "{}_manual1"),
        (DRIVE, "{}_test_prob", "{}"),
        (STARE, "im{}", "im{}.ah"),
        (STARE, "im{}", "im{}.vk"),
        (STARE, "im{}", "im{}"),
        (STARE, "{}", "im{}.ah"),
        (STARE, "im{}-vessels4", "im{}"),
        (STARE, "IM{}", "im{}"),
        (CHASE, "Image_{}", "Image_{}_1stHO"),
        (CHASE, "{}_probability", "Image_{}_2ndHO"),
        (["01_dr", "01_g", "01_h", "02_dr"], "{}", "{}_mask"),
        (["a", "b", "c"], "{}_pred", "{}"),
        (["01"], "{}_test", "{}_manual1"),
    ],
)
def test_names_of_the_known_sets_pair(names, left, right):
    found = pair(stems(left, names), stems(right, names), "ground_truth")
    assert found == dict(
        zip(stems(left, names), stems(right, names), strict=True)
    )


def test_numbers_pair_with_and_without_leading_zeros():
    names = [str(i) for i in range(1, 12)]
    found = pair(names, stems("{}_manual1", DRIVE[:11]), "x")
    assert found["2"] == "02_manual1"
    assert found["11"] == "11_manual1"


def test_names_with_figures_in_them_pair_by_the_first_number():
    left = ["01_test_dice0.82", "02_test_dice0.81", "03_test_dice0.8"]
    found = pair(left, stems("{}_manual1", DRIVE[:3]), "x")
    assert list(found.values()) == stems("{}_manual1", DRIVE[:3])


@pytest.mark.parametrize(
    "left, right, message",
    [
        (["01_test", "02_test"], ["01_manual1", "03_manual1"], "02_test.*03_"),
        (["01_test"], ["02_manual1"], "01_test.*02_manual1"),
        (["a"], ["b"], "partner: a;.*prediction: b"),
        (["x1", "x2", "x3"], ["y1", "y2"], "3 files.*2 files.*partner: x3"),
        (["01_test"], ["01_manual1", "02_manual1"], "02_manual1.*--subset"),
    ],
)
def test_what_does_not_pair_is_listed(left, right, message):
    with pytest.raises(UserError, match=message):
        pair(left, right, "ground_truth")


def test_a_subset_takes_what_is_there():
    found = pair(
        ["02_test"], stems("{}_manual1", DRIVE), "ground_truth", subset=True
    )
    assert found == {"02_test": "02_manual1"}


def test_a_namesake_is_never_passed_over():
    """All but for one ending, `_c`; and `a_b` has another of its own name."""
    with pytest.raises(UserError, match="must pair by name"):
        pair(["a", "a_b"], ["a_b", "a_c", "a_b_c"], "truth", subset=True)
    found = pair(["a", "a_b"], ["a", "a_b", "a_b_c"], "truth", subset=True)
    assert found == {"a": "a", "a_b": "a_b"}
    # Leading zeros make no other name; and numbers do not outweigh one.
    found = pair(["01", "02"], ["1", "2", "01_x", "02_x"], "t", subset=True)
    assert found == {"01": "1", "02": "2"}
    found = pair(["1_2", "2_1"], ["1_2", "2_1_x"], "truth")
    assert found == {"1_2": "1_2", "2_1": "2_1_x"}


def test_an_ending_does_not_decide_where_another_one_fits_as_well():
    with pytest.raises(UserError, match="must pair by name"):
        pair(["1", "2"], ["1_left", "1_right", "2_left"], "truth", subset=True)


FOLDS = [(1, 5), (2, 4), (3, 3), (4, 2), (5, 1)]


@pytest.mark.parametrize(
    "pattern",
    ["fold{}_{:02d}", "Fold-{}-{}", "cv{}_img{}", "v{}_{}_test", "epoch{}0_{}"]
    + ["{1:02d}_fold{0}", "model_{}-{}", "{1}_manual{0}", "{1}_dice0.8{0}"],
)
@pytest.mark.parametrize("other", ["{:02d}_manual1", "im{:04d}.ah"])
def test_the_number_of_a_fold_or_a_version_never_decides(pattern, other):
    left = [pattern.format(*numbers) for numbers in FOLDS]
    right = [other.format(image) for image in range(1, 6)]
    found = pair(left, right, "ground_truth")
    assert found == {
        pattern.format(*numbers): other.format(numbers[1]) for numbers in FOLDS
    }
    # Nor where only a few were predicted.
    few = pair(left[:2], right, "ground_truth", subset=True)
    assert few == {stem: found[stem] for stem in left[:2]}


def test_two_numbers_that_could_pair_are_refused_with_both_readings():
    left = [f"{one}_{other:02d}" for one, other in FOLDS]
    right = [f"{image:02d}_manual1" for image in range(1, 6)]
    with pytest.raises(UserError) as caught:
        pair(left, right, "ground_truth")
    assert "1_05, which could belong to 01_manual1 or to 05_manual1" in str(
        caught.value
    )
    assert "4 of 5 files" in str(caught.value)  # 3_03 is clear.


@pytest.mark.parametrize(
    "left, right",
    [
        (["left", "right"], ["right_gt", "left_gt"]),
        (["01_h", "01_dr"], ["01_h_mask", "01_dr_mask"]),
        (["1", "11", "1_2"], ["1_2_gt", "11_gt", "1_gt"]),
        (["1_05", "2_04"], ["2_04_gt", "1_05_gt"]),
        (["eye a.prob", "eye b.prob"], ["eye a", "eye b"]),
        (["左眼", "右眼"], ["右眼_gt", "左眼_gt"]),
        (["gt_左眼", "gt_右眼"], ["右眼", "左眼"]),
    ],
)
def test_a_stem_that_begins_one_partner_pairs(left, right):
    found = pair(left, right, "vessel_maps", of="images")
    for stem, partner in found.items():
        assert stem.replace("gt_", "").replace(".prob", "") in partner
    assert len(set(found.values())) == len(left)


def test_both_ways_in_which_unicode_writes_a_letter_are_one():
    left = ["ü1", "É2"]
    right = [unicodedata.normalize("NFD", stem) + "_gt" for stem in left]
    assert right[0] != "ü1_gt"
    assert pair(left, right, "x") == dict(zip(left, right, strict=True))


def test_what_begins_two_partners_is_refused():
    with pytest.raises(UserError, match="without partner: left"):
        pair(["left"], ["left_a", "left_b"], "vessel_maps", subset=True)


def test_the_images_of_two_folds_are_not_those_of_their_folds():
    right = [f"{image:02d}_manual1" for image in range(1, 6)]
    with pytest.raises(UserError, match="must pair by name"):
        pair(["fold1_03", "fold2_03"], right, "ground_truth", subset=True)


def test_every_pair_is_said(caplog):
    caplog.set_level("INFO", logger="absl")
    pair(["left", "right"], ["left_gt", "right_gt", "more"], "x", subset=True)
    assert "left and left_gt" in caplog.text
    assert "right and right_gt" in caplog.text
    assert "left out: more" in caplog.text


@pytest.mark.parametrize(
    "left, right",
    [
        # Patient and eye, patient and visit, patient and part of a film.
        (["P001_OD", "P002_OS"], ["P001_OS", "P002_OD"]),
        (["P001_OD", "P002_OS"], ["001_left_gt", "002_right_gt"]),
        (["P1_R", "P2_L"], ["gt_1L", "gt_2R"]),
        (["P001_1", "P002_3"], ["P001_2", "P002_4"]),
        (["01_h", "02_dr"], ["01_dr_mask", "02_h_mask"]),
        # Dates: of the photograph and of its annotation.
        (["001_20230115", "002_20230116"], ["001_20230301", "002_20230302"]),
        # The image or the patient, the fold or the image.
        (["P001_1", "P002_2"], ["P001_2_gt", "P002_1_gt"]),
        (["1", "2", "3"], ["1_03", "2_01", "3_02"]),
        (["1_03", "2_01", "3_02"], ["1", "2", "3"]),
        (["P001_1"], ["P001_2"]),
        (["left", "left_b"], ["left_1", "left_2"]),
    ],
)
def test_what_is_of_two_images_is_refused(left, right):
    for one, other in ((left, right), (right, left)):
        with pytest.raises(UserError, match="must pair by name"):
            pair(one, other, role="vessel_maps", of="images")


@pytest.mark.parametrize(
    "left, right",
    [
        (["img", "img (1)"], "{}_gt"),
        (["P001_OD", "P001_OS", "P002_OD"], "{}_vessels"),
        (["P001_OD", "P001_OS", "P002_OD"], "gt_{}"),
        (["20230115_001", "20230115_002", "20230116_001"], "{} mask"),
        (["20230115_001", "20230116_002"], "mask-{}"),
        (["IMG_20230115_101112", "IMG_20230115_101344"], "{}-gt"),
        (["05_1", "05_2", "06_1"], "{}_manual1"),
    ],
)
def test_names_of_cameras_and_clinics_pair(left, right):
    found = pair(left, stems(right, left), role="vessel_maps", of="images")
    assert found == dict(zip(left, stems(right, left), strict=True))


def test_copies_are_numbered_as_windows_does():
    left = stems("img ({})", (1, 2, 10))
    right = stems("mask ({})", (1, 2, 10))
    found = pair(left, right, "vessel_maps")
    assert found == dict(zip(left, right, strict=True))


def test_both_names_of_an_eye_are_one():
    left = ["P001_OD", "P002_OS"]
    assert pair(left, ["1 right", "2 left"], "x") == {
        "P001_OD": "1 right",
        "P002_OS": "2 left",
    }


def test_a_contradiction_is_named():
    with pytest.raises(UserError) as caught:
        pair(["P001_5", "P002_6"], ["P001_7", "P002_8"], "--ground_truth")
    assert "P001_5 and P001_7, of which one number is the same" in str(
        caught.value
    )
    assert "for 2 of 2 files" in str(caught.value)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (["1_left", "2_left"], ["1_right", "2_right"]),
        (["1_OD", "2_OD"], ["1_OS", "2_OS"]),
        (["01L", "02L"], ["01R", "02R"]),
        (["left1"], ["right1"]),
        (["12_left"], ["12_right_gt"]),
    ],
)
def test_one_eye_is_never_the_other(left, right):
    with pytest.raises(UserError, match="must pair by name. Received: "):
        pair(left, right, role="x")


@pytest.mark.parametrize(("left", "right"), [([], ["a"]), (["a"], [])])
def test_nothing_pairs_with_nothing(left, right):
    with pytest.raises(UserError, match="must pair by name"):
        pair(left, right, role="x")
