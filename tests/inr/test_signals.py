import numpy as np
import pytest

from sgn_sciml.inr import ImageData, RandomPoints


def batch(data):
    data.setup("predict")
    (found,) = data.predict_dataloader()
    return found


def test_a_prediction_may_have_any_scale():
    found = batch(ImageData(size=(10, 12), scale=1.5))
    assert [len(found["axis0"]), len(found["axis1"])] == [15, 18]


def test_a_prediction_may_be_at_any_points(tmp_path):
    np.save(tmp_path / "points.npy", np.array([[0.5, -0.5], [0.0, 1.0]]))
    found = batch(ImageData(size=8, points=str(tmp_path / "points.npy")))
    assert found["points"].tolist() == [[0.5, -0.5], [0.0, 1.0]]


@pytest.mark.parametrize("points", [np.zeros(3), np.full((2, 2), np.nan), np.array(["a"])])
def test_what_is_no_list_of_points_is_refused(points, tmp_path):
    np.save(tmp_path / "points.npy", points)
    with pytest.raises(ValueError, match="points"):
        batch(ImageData(size=8, points=str(tmp_path / "points.npy")))


def test_points_of_another_number_of_coordinates_are_refused(tmp_path):
    np.save(tmp_path / "points.npy", np.zeros((2, 3)))
    with pytest.raises(ValueError, match="3 coordinates"):
        batch(ImageData(size=8, points=str(tmp_path / "points.npy")))


def test_a_missing_file_of_points_is_named():
    with pytest.raises(FileNotFoundError, match=r"nowhere\.npy"):
        batch(ImageData(size=8, points="nowhere.npy"))


def test_a_folder_is_no_file_of_points(tmp_path):
    with pytest.raises(ValueError, match="is a folder, not a file of points"):
        batch(ImageData(size=8, points=str(tmp_path)))


def test_nothing_is_read_before_setup():
    data = ImageData("nowhere.png", points="nowhere.npy")
    with pytest.raises(ValueError, match="call setup"):
        _ = data.description


def test_the_module_adds_its_own_settings_to_what_the_card_tells():
    data = ImageData(size=(8, 6), grey=True, batch=RandomPoints(9), seed=5)
    data.setup("fit")
    assert data.description.seed == 5
    assert data.description.about() == {
        "files": [],
        "grid": {"y": 8, "x": 6},
        "signal": "image",
        "channels": 1,
        "batch": "RandomPoints(count=9)",
        "name": "camera",
        "mask": None,
    }


def test_a_render_beyond_memory_is_refused_before_it_begins():
    with pytest.raises(ValueError, match=r"8000000 x 8000000 values need .* lower --data.scale"):
        batch(ImageData(size=8, scale=1e6))
