"""What a signal tells of itself."""

import pytest
import torch

from sgn_sciml.inr import Signal
from sgn_sciml.inr.description import cell_centres, medium_of, plain_field
from sgn_sciml.runs.description import DataDescription


def test_samples_lie_in_the_middle_of_equal_cells():
    assert cell_centres(4).tolist() == [-0.75, -0.25, 0.25, 0.75]


def test_a_coarser_grid_covers_the_same_signal():
    fine, coarse = cell_centres(8), cell_centres(4)
    assert torch.equal(fine.reshape(4, 2).mean(1), coarse)


def test_the_range_of_the_medium_is_scaled():
    signal = Signal(torch.tensor([[0.0, 0.5, 1.0]]), "audio", 0.0, 1.0, ("t",))
    assert signal.scaled.tolist() == [[-1.0, 0.0, 1.0]]


def test_closer_bounds_are_scaled_in_its_place():
    signal = Signal(torch.tensor([[0.0, 0.5]]), "audio", -1.0, 1.0, ("t",), bounds=(-0.5, 0.5))
    assert signal.reach == (-0.5, 0.5)
    assert signal.scaled.tolist() == [[0.0, 1.0]]


def test_it_is_a_description():
    signal = Signal(torch.rand(2, 3, 4), "field", 0.0, 1.0, ("t", "x"), facts={"path": "a.h5"})
    assert isinstance(signal, DataDescription)
    assert (signal.kind, signal.points) == ("field", {"t": 3, "x": 4})
    assert signal.about() == {
        "files": [{"path": "a.h5"}],
        "grid": {"t": 3, "x": 4},
        "signal": "field",
        "channels": 2,
    }


def test_what_is_drawn_follows_its_seed():
    values = torch.rand(1, 4)
    draws = [
        torch.rand(3, generator=Signal(values, "field", 0.0, 1.0, ("x",), seed=s).generator())
        for s in (7, 7, 8)
    ]
    assert torch.equal(draws[0], torch.rand(3, generator=torch.Generator().manual_seed(7)))
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])


@pytest.mark.parametrize(
    ("former", "now"), [("picture", "image"), ("sound", "audio"), ("shape", "volume")]
)
def test_media_by_their_former_names(former, now):
    assert medium_of(former) == medium_of(now) == now
    assert Signal(torch.rand(1, 4), former, 0.0, 1.0, ("t",)).kind == now


def test_other_media_are_refused():
    with pytest.raises(ValueError, match="one of image, audio, volume, field, not a film"):
        Signal(torch.rand(1, 4), "film", 0.0, 1.0, ("t",))


def test_of_what_nobody_told_the_axes_are_numbered():
    field = plain_field(torch.rand(2, 5, 6), 2)
    assert (field.kind, field.low, field.high) == ("field", -1.0, 1.0)
    assert field.points == {"axis0": 5, "axis1": 6}
