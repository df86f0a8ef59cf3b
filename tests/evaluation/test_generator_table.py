"""The table of a result that is made up."""

from migan_tf.evaluation import generator_table
from tests.evaluation.made_result import make_result


def lines_of(text, title):
    return [x.split() for x in text.splitlines() if x.strip().startswith(title)]


def test_the_table_names_columns_and_leaves_out_what_there_is_not():
    text = generator_table.table(make_result())
    assert max(map(len, text.splitlines())) <= 80
    heads = ["painted", "photographs", "half:half", "alike"]
    assert heads in [line.split() for line in text.splitlines()]
    assert "reference" not in text
    # A spread for what is a mean, the distance itself for what is none.
    assert lines_of(text, "Dice") == [
        ["Dice", "0.7012", "0.8123", "±", "0.0102", "no"]
    ]
    assert lines_of(text, "sensitivity, thin")[0][-3:] == ["-", "-", "-"]
    assert lines_of(text, "of images, σ = 1")[0][-3:] == ["2.250", "-", "-"]
    noise = lines_of(text, "pixel noise")[0]
    assert noise[-5:] == ["3.57", "3.57", "±", "0.25", "yes"]
    kid = ["KID", "0.01230", "0.01230", "0.00200"]
    assert lines_of(text, "KID")[0] == kid
    told = lines_of(text, "95 % interval")[0]
    assert told[-3:] == ["0.80-0.91", "0.80-0.91", "-"]
    alike = "painted: 1 of 2 mean figures are alike; one half of the"
    assert alike in text
    assert "photographs: 1.6 on average" in " ".join(text.split())
    assert "features: somebody's features" in text
    assert "style" not in text
    assert "warning: something is odd" in text


def test_a_style_gets_its_rows():
    result = make_result()
    result["style"] = "im0005"
    leak = {"style_leak": {"leak": 0.25, "chance": 0.125, "images": 8}}
    result["generator"] |= leak
    text = generator_table.table(result)
    assert "style: im0005" in text
    assert lines_of(text, "found where")[0][-3:] == ["0.2500", "-", "-"]
    assert lines_of(text, "found elsewhere")[0][-3:] == ["0.1250", "-", "-"]


def test_a_reference_stands_beside():
    text = generator_table.table(make_result(0.65))
    dice = ["Dice", "0.7012", "0.6500", "0.8123", "±", "0.0102", "no"]
    assert lines_of(text, "Dice") == [dice]
    assert "reference: 1 of 2 mean figures are alike; one half" in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_saved_model_is_named_and_any_width_fits():
    result = make_result(0.65) | {"workdir": None, "model": "models/m/1"}
    result["generator"]["power"] = {"4-8": -10.123}
    result["half_to_half"]["power"] = {"4-8": 10.123}
    result["generator"]["alike"]["power/4-8"] = False
    text = generator_table.table(result)
    assert text.startswith("generator of models/m/1: 4 vessel maps")
    assert max(map(len, text.splitlines())) == 80
    row = lines_of(text, "4 to 8")[0]
    assert row[3:] == ["-10.123", "-", "-", "±", "10.123", "no"]


def test_without_halves_nothing_is_expected():
    result = make_result()
    result["half_to_half"]["alike"]["pixel_noise"] = None
    text = generator_table.table(result)
    assert "painted: 1 of 2 mean figures are alike\n" in text


def test_every_row_fits_its_column():
    for title, _, _ in generator_table.ROWS:
        assert len(title) <= 80
    for title, place, _ in generator_table.ROWS:
        assert not place or len(title) + 2 <= generator_table.TITLE_WIDTH


def test_a_place_is_looked_up_or_none():
    part = {"a": {"b": 3}, "c": None}
    assert generator_table.at(part, "a/b") == 3
    assert generator_table.at(part, "a/d") is None
    assert generator_table.at(part, "c/d") is None
