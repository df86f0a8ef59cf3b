import numpy as np
import pytest
from PIL import Image

from migan_tf.base.errors import UserError
from migan_tf.evaluation import predictions
from migan_tf.phantom.retina import phantom_retina

SHAPE = (8, 12)


def save(folder, pattern, planes):
    folder.mkdir(exist_ok=True)
    for name, plane in planes.items():
        Image.fromarray(plane).save(folder / pattern.format(name))
    return folder


@pytest.fixture
def folders(tmp_path):
    rng = np.random.default_rng(0)
    levels = {n: rng.integers(0, 256, SHAPE).astype(np.uint8) for n in "12"}
    levels["1"][0, 0] = 255
    truth = {n: ((p > 200) * 255).astype(np.uint8) for n, p in levels.items()}
    fov = {n: np.full(SHAPE, 255, np.uint8) for n in levels}
    rgb = {n: np.dstack([p, p // 2, p // 3]) for n, p in levels.items()}
    return levels, dict(
        predictions=save(tmp_path / "p", "0{}_test.png", levels),
        ground_truth=save(tmp_path / "g", "0{}_manual1.gif", truth),
        fov_masks=save(tmp_path / "f", "0{}_test_mask.gif", fov),
        second_annotator=save(tmp_path / "s", "0{}_manual2.gif", truth),
        fundus=save(tmp_path / "r", "0{}_test.tif", rgb),
    )


def test_folders_become_scored_images(folders):
    levels, places = folders
    rows = predictions.read_scored(**places)
    assert [row.image_id for row in rows] == ["01_test", "02_test"]
    for row, plane in zip(rows, levels.values(), strict=True):
        np.testing.assert_array_equal(
            row.vessel_probability, plane.astype(np.float32) / 255
        )
        np.testing.assert_array_equal(row.vessel_map, plane > 200)
        np.testing.assert_array_equal(row.second_annotator, plane > 200)
        assert row.fov_mask.all() and row.fov_mask.dtype == bool
        np.testing.assert_array_equal(row.fundus[..., 1], plane // 2)


def test_only_predictions_and_ground_truth_are_needed(folders):
    places = folders[1]
    rows = predictions.read_scored(
        places["predictions"], places["ground_truth"]
    )
    assert rows[0].second_annotator is rows[0].fundus is None
    assert rows[0].fov_mask.all()


def test_more_fov_masks_than_predictions_are_left_out(folders):
    places = folders[1]
    save(places["fov_masks"], "0{}_test_mask.gif", {"3": np.ones(SHAPE, "u1")})
    assert len(predictions.read_scored(**places)) == 2


def test_a_folder_of_segment_is_taken_as_it_is(folders):
    """Also where the photographs lie in it."""
    levels, places = folders
    written = places["predictions"].parent / "vessels"
    for shows in ("_vessel_probability", "_vessel_map", "_overlay", ""):
        save(written, "0{}_test" + shows + ".png", levels)
    rows = predictions.read_scored(**places | {"predictions": written})
    assert [row.image_id for row in rows] == ["01_test", "02_test"]
    np.testing.assert_array_equal(
        rows[1].vessel_probability, levels["2"].astype(np.float32) / 255
    )
    # One that lacks the others is any method's.
    for path in written.glob("*[pty].png"):
        if "probability" not in path.name:
            path.unlink()
    rows = predictions.read_scored(**places | {"predictions": written})
    assert rows[0].image_id == "01_test_vessel_probability"


def test_fields_of_view_are_found_where_that_is_asked_for(tmp_path):
    eye = phantom_retina(120, 150, 3)
    places = {
        name: save(tmp_path / name, "{}.png", {"a": plane})
        for name, plane in {
            "predictions": eye.vessel_map,
            "ground_truth": eye.vessel_map,
            "fundus": eye.fundus,
        }.items()
    }
    (row,) = predictions.read_scored(**places, find_fov_masks=True)
    inside = eye.fov_mask > 0
    both = (row.fov_mask & inside).sum()
    assert 2 * both / (row.fov_mask.sum() + inside.sum()) > 0.97
    save(tmp_path / "fundus", "{}.png", {"a": eye.fundus * 0})
    rows = predictions.read_scored(**places, find_fov_masks=True)
    with pytest.raises(UserError, match="--find_fov_masks: .*none is found"):
        rows[0]


def test_a_missing_fov_mask_is_named(folders):
    places = folders[1]
    (places["fov_masks"] / "02_test_mask.gif").unlink()
    with pytest.raises(UserError, match="--fov_masks.*partner: 02_test"):
        predictions.read_scored(**places)


def test_other_sizes_are_named_with_both_files(folders):
    places = folders[1]
    wrong = np.zeros((SHAPE[1], SHAPE[0]), np.uint8)
    wrong[0] = 255
    save(places["ground_truth"], "0{}_manual1.gif", {"2": wrong})
    message = r"02_test.png of 8 × 12, .*02_manual1.gif of 12 × 8 \(height"
    with pytest.raises(UserError, match=message):
        list(predictions.read_scored(**places))


def test_files_are_read_when_they_are_asked_for(folders):
    levels, places = folders
    rows = predictions.read_scored(**places)
    changed = np.where(levels["2"] > 220, 255, 0).astype(np.uint8)
    save(places["ground_truth"], "0{}_manual1.gif", {"2": changed})
    np.testing.assert_array_equal(rows[1].vessel_map, changed > 0)
    (places["ground_truth"] / "01_manual1.gif").write_bytes(b"GIF89a damaged")
    with pytest.raises(UserError, match="01_manual1.gif is not readable"):
        rows[0]
    with pytest.raises(UserError, match="01_manual1.gif is not readable"):
        predictions.read_scored(**places)  # by its header, before the work


def test_levels_are_of_the_range_of_the_whole_set(folders):
    """A faint map beside one of 16 bits is of 16 bits, too."""
    levels, places = folders
    deep = levels["2"].astype(np.uint16) * 257
    Image.fromarray(deep).save(places["predictions"] / "02_test.png")
    faint, strong = predictions.read_scored(**places)
    np.testing.assert_allclose(
        faint.vessel_probability, levels["1"] / 65535, rtol=1e-6
    )
    np.testing.assert_allclose(
        strong.vessel_probability, levels["2"] / 255, rtol=1e-6
    )


def test_per_cent_are_told_by_the_whole_set(folders):
    """One map up to 90, the other up to 255, and then up to 100."""
    levels, places = folders
    for number, top in (("1", 90), ("2", 255)):
        (places["predictions"] / f"0{number}_test.png").unlink()
        stored = levels[number].astype(np.int64) * top // 255
        np.save(places["predictions"] / f"0{number}_test.npy", stored)
    faint, strong = predictions.read_scored(**places)
    assert faint.vessel_probability.max() <= 90 / 255
    assert strong.vessel_probability.max() == levels["2"].max() / 255
    np.save(places["predictions"] / "02_test.npy", stored * 100 // 255)
    with pytest.raises(UserError, match="02_test.npy .* may be per cent"):
        predictions.read_scored(**places)


def test_what_is_no_probability_is_said_before_the_work(folders):
    places = folders[1]
    (places["predictions"] / "02_test.png").unlink()
    np.save(places["predictions"] / "02_test.npy", np.full(SHAPE, 2.0))
    with pytest.raises(UserError, match=r"02_test.npy must hold prob.* 2.0 to"):
        predictions.read_scored(**places)


@pytest.mark.parametrize(
    "role, name",
    [
        ("ground_truth", "0{}_manual1.gif"),
        ("second_annotator", "0{}_manual2.gif"),
    ],
)
@pytest.mark.parametrize(
    "high, message",
    [
        (0, "mark vessels.*Received: all 0. Next: leave it out"),
        (255, "bright vessels.*88% of the frame.*inverted. Next: invert it"),
    ],
)
def test_maps_that_cannot_be_meant_are_refused(
    folders, role, name, high, message
):
    places, plane = folders[1], np.zeros(SHAPE, np.uint8)
    plane[:7] = high
    save(places[role], name, {"2": plane})
    rows = predictions.read_scored(**places)
    with pytest.raises(UserError, match=name.format(2) + " must.*" + message):
        rows[1]


@pytest.mark.parametrize("high", [1, 2, 255])
def test_two_values_of_any_kind_are_vessels_and_ground(folders, high):
    levels, places = folders
    truth = {n: ((p > 200) * high).astype(np.uint8) for n, p in levels.items()}
    save(places["ground_truth"], "0{}_manual1.gif", truth)
    for row, plane in zip(
        predictions.read_scored(**places), levels.values(), strict=True
    ):
        np.testing.assert_array_equal(row.vessel_map, plane > 200)


@pytest.mark.real_data
def test_the_published_maps_pair_with_their_references(real_data):
    drive = predictions.read_scored(
        real_data / "published/DRIVE/DRIU",
        real_data / "DRIVE/test/1st_manual",
        fov_masks=real_data / "DRIVE/test/mask",
        second_annotator=real_data / "DRIVE/test/2nd_manual",
    )
    assert [row.image_id for row in drive] == [
        f"{i:02d}_test" for i in range(1, 21)
    ]
    # Vessel pixels inside the FOV, both annotators: counted with PIL alone.
    assert sum(int(r.vessel_map[r.fov_mask].sum()) for r in drive) == (577649)
    stare = predictions.read_scored(
        real_data / "published/STARE/DRIU",
        real_data / "STARE/labels-ah.tar",
        fov_masks=real_data / "STARE/fov_masks",
        second_annotator=real_data / "STARE/labels-vk.tar",
        subset=True,
    )
    assert len(stare) == 10
    assert sum(int(r.fov_mask.sum()) for r in stare) == 3116541
