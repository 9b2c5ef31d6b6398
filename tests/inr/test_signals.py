import numpy as np
import pytest
import torch

from sgn_sciml.inr import ImageData, Signal
from sgn_sciml.inr.signals import cell_centres


def test_samples_lie_in_the_middle_of_equal_cells():
    assert cell_centres(4).tolist() == [-0.75, -0.25, 0.25, 0.75]


def test_a_coarser_grid_covers_the_same_signal():
    fine, coarse = cell_centres(8), cell_centres(4)
    assert torch.equal(fine.reshape(4, 2).mean(1), coarse)


def test_the_range_of_the_medium_is_scaled():
    signal = Signal(torch.tensor([[0.0, 0.5, 1.0]]), "sound", 0.0, 1.0, ("t",))
    assert signal.scaled.tolist() == [[-1.0, 0.0, 1.0]]


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
        ImageData(points=str(tmp_path / "points.npy"))


def test_points_of_another_number_of_coordinates_are_refused(tmp_path):
    np.save(tmp_path / "points.npy", np.zeros((2, 3)))
    with pytest.raises(ValueError, match="3 coordinates"):
        batch(ImageData(size=8, points=str(tmp_path / "points.npy")))


def test_a_missing_file_of_points_is_named():
    with pytest.raises(FileNotFoundError, match=r"nowhere\.npy"):
        ImageData(points="nowhere.npy")
