"""Rendered signals as files that others read."""

import h5py
import numpy as np
import pytest
import torch
from scipy.io import wavfile
from skimage.io import imread

from sgn_sciml.inr import Signal, SignalData, SignalWriter
from sgn_sciml.inr.rendering import derivatives, tabulate
from sgn_sciml.inr.writer import write_signal
from sgn_sciml.runs.description import description_of
from sgn_sciml.runs.loaders import batches
from sgn_sciml.runs.task import BaseTask


class Known(BaseTask):
    """A signal that is known everywhere."""

    def __init__(self, f, slopes=False):
        super().__init__()
        self.f, self.slopes = f, slopes
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def setup(self, stage):
        self.description = description_of(self.trainer, Signal)

    def predict_step(self, batch, batch_idx):
        found = {**batch, "values": tabulate(self.f, batch, 100)}
        return found | derivatives(self.f, batch, 100) if self.slopes else found


class Data(SignalData):
    """A signal of which only the grid matters."""

    def __init__(self, kind="image", shape=(1, 6, 8), low=0.0, **kwargs):
        super().__init__(**kwargs)
        self.kind, self.shape, self.low = kind, shape, low

    def load(self):
        values = torch.linspace(self.low, 1, int(np.prod(self.shape))).reshape(self.shape)
        axes = ("t",) if len(self.shape) == 2 else ("x", "y", "z")[: len(self.shape) - 1]
        rate = 8000.0 if self.kind == "audio" else None
        return Signal(values, self.kind, self.low, 1.0, axes, rate)


def bowl(points):
    """y² and, in units of the signal, between 0 and 1."""
    return points[:, :1].square()


@pytest.fixture
def predict(trainer, tmp_path):
    def run(f, data, slopes=False):
        path = tmp_path / "predictions.h5"
        made = trainer(callbacks=[SignalWriter(path)])
        made.predict(Known(f, slopes), data, return_predictions=False)
        return path

    return run


def files(path):
    return sorted(p.name for p in path.parent.iterdir())


def test_values_on_a_finer_grid(predict):
    path = predict(bowl, Data(scale=2.5))
    with h5py.File(path) as file:
        y = file["x"][()]
        assert y.tolist() == pytest.approx(((2 * np.arange(15) + 1) / 15 - 1).tolist())
        np.testing.assert_allclose(file["values"][0], np.tile(y[:, None] ** 2, (1, 20)))
        assert [dim.label for dim in file["values"].dims] == ["channel", "x", "y"]
        assert dict(file.attrs).items() >= {"law": "signal", "kind": "image"}.items()
        assert (file.attrs["low"], file.attrs["high"]) == (0.0, 1.0)
        assert "rate" not in file


def test_an_image_is_a_png(predict):
    path = predict(bowl, Data())
    y = (2 * np.arange(6) + 1) / 6 - 1
    wanted = np.tile(np.rint(255 * y[:, None] ** 2), (1, 8))
    assert np.array_equal(imread(path.with_suffix(".png")), wanted)
    assert files(path) == ["predictions.h5", "predictions.png"]


@pytest.mark.parametrize("channels", [1, 2])
def test_a_sound_is_a_wav_of_the_same_length_in_seconds(channels, predict):
    def tone(points):
        return 0.5 * torch.cat([torch.sin(9 * points), -points], -1)[:, :channels]

    path = predict(tone, Data("audio", (channels, 100), low=-1.0, scale=2.0))
    rate, samples = wavfile.read(path.with_suffix(".wav"))
    assert (rate, len(samples), samples.dtype) == (16000, 200, np.int16)
    with h5py.File(path) as file:
        wanted = np.rint(32768 * file["values"][()]).T
        assert file["rate"][()] == 16000
    assert np.array_equal(samples.reshape(200, -1), wanted)


@pytest.mark.parametrize(
    ("kind", "shape"), [("field", (2, 5, 6)), ("volume", (1, 4, 4, 4)), ("field", (1, 9))]
)
def test_fields_and_volumes_are_numbers_only(kind, shape, predict):
    path = predict(lambda p: p[:, :1].expand(-1, shape[0]), Data(kind, shape))
    with h5py.File(path) as file:
        assert file["values"].shape == shape
    assert files(path) == ["predictions.h5"]


def test_values_at_points(predict, tmp_path):
    points = np.random.default_rng(0).uniform(-1, 1, (9, 2))
    np.save(tmp_path / "points.npy", points)
    path = predict(bowl, Data(points=str(tmp_path / "points.npy")))
    with h5py.File(path) as file:
        np.testing.assert_allclose(file["points"], points, rtol=1e-6)
        assert list(file["points"].attrs["axes"]) == ["x", "y"]
        np.testing.assert_allclose(file["values"], points[:, :1] ** 2, rtol=1e-5)
    assert files(path) == ["points.npy", "predictions.h5"]


def test_slopes_as_numbers_and_maps(predict):
    path = predict(bowl, Data(shape=(1, 5, 4)), slopes=True)
    with h5py.File(path) as file:
        y = file["x"][()]
        assert [dim.label for dim in file["gradient"].dims] == ["along", "channel", "x", "y"]
        np.testing.assert_allclose(file["gradient"][0, 0], np.tile(2 * y[:, None], (1, 4)))
        assert not file["gradient"][1, 0].any()
        assert (file["laplacian"][()] == 2).all()
    slope = imread(path.with_name("predictions_slope.png"))
    assert np.array_equal(slope[:, 0], np.rint(255 * np.abs(y) / y.max()))
    assert (imread(path.with_name("predictions_laplacian.png")) == 255).all()


def test_a_flat_image_has_black_slopes_and_a_grey_laplacian(predict):
    path = predict(lambda p: 0 * p[:, :1] + 0.3, Data(), slopes=True)
    assert not imread(path.with_name("predictions_slope.png")).any()
    assert (imread(path.with_name("predictions_laplacian.png")) == 128).all()


def test_maps_of_an_earlier_render_do_not_stay(predict):
    predict(bowl, Data(), slopes=True)
    assert files(predict(bowl, Data())) == ["predictions.h5", "predictions.png"]


def test_nan_is_refused_and_the_old_files_stay(predict):
    path = predict(bowl, Data())
    before = path.read_bytes()
    with pytest.raises(ValueError, match="NaN"):
        predict(lambda p: p[:, :1] / 0, Data())
    assert path.read_bytes() == before
    assert files(path) == ["predictions.h5", "predictions.png"]


def test_a_render_beyond_memory_is_refused_in_one_line(predict, tmp_path):
    with pytest.raises(ValueError, match=r"6000000 x 8000000 values need .* GB") as refused:
        predict(bowl, Data(scale=1e6))
    assert "\n" not in str(refused.value)
    assert not list(tmp_path.iterdir())


def test_every_axis_has_a_scale(tmp_path):
    """netCDF, and xarray with it, asks for one on all axes of a variable or on none."""
    data = Data()
    data.setup("predict")
    rendered = {"axis0": torch.zeros(6), "axis1": torch.zeros(8)}
    rendered |= {"values": torch.ones(1, 6, 8), "gradient": torch.ones(2, 1, 6, 8)}
    path = write_signal(tmp_path / "predictions.h5", rendered, data.description)
    with h5py.File(path) as file:
        for name in ("values", "gradient"):
            labels = [dim.label for dim in file[name].dims]
            assert labels[-2:] == list(data.description.axes)
            assert [dim[0].name.strip("/") for dim in file[name].dims] == labels


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    data = Data()
    data.setup("predict")
    path = tmp_path / "predictions.h5"
    rendered = {"axis0": torch.zeros(6), "axis1": torch.zeros(8), "values": torch.ones(1, 6, 8)}
    write_signal(path, rendered, data.description)
    before = path.read_bytes()

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(h5py.File, "create_dataset", full)
    with pytest.raises(OSError, match="No space"):
        write_signal(path, rendered, data.description)
    assert path.read_bytes() == before
    assert files(path) == ["predictions.h5"]


@pytest.mark.parametrize("at_points", [False, True])
def test_what_nobody_described_is_a_field_over_numbered_axes(at_points, trainer, tmp_path):
    places = {"axis0": torch.linspace(-1, 1, 3), "axis1": torch.linspace(-1, 1, 4)}
    places = {"points": torch.rand(5, 2)} if at_points else places
    path = tmp_path / "predictions.h5"
    made = trainer(callbacks=[SignalWriter(path)])
    made.predict(Known(bowl), batches([places]), return_predictions=False)
    with h5py.File(path) as file:
        assert dict(file.attrs).items() >= {"kind": "field", "low": -1.0, "high": 1.0}.items()
        if at_points:
            assert list(file["points"].attrs["axes"]) == ["axis0", "axis1"]
            np.testing.assert_array_equal(file["values"][:, 0], places["points"][:, 0] ** 2)
        else:
            assert [dim.label for dim in file["values"].dims] == ["channel", "axis0", "axis1"]
            np.testing.assert_array_equal(file["values"][0], [[1.0] * 4, [0.0] * 4, [1.0] * 4])
    assert files(path) == ["predictions.h5"]
