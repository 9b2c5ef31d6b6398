import h5py
import numpy as np
import pytest

from sgn_sciml.layouts import SgnSamples, write_samples
from sgn_sciml.layouts.samples import CHUNK

X, T = np.linspace(0, 1, 6), np.linspace(0, 2, 4)


def write(path, blocks, samples, **options):
    return write_samples(
        path,
        {"t": T, "x": X},
        {"a": ("x",), "u": ("t", "x")},
        blocks,
        samples,
        attrs={"law": "test", "seed": 3},
        groups={"parameters": {"nu": 0.5}, "convergence": {}, "versions": {}},
        **options,
    )


@pytest.fixture
def fields():
    rng = np.random.default_rng(0)
    return {"a": rng.random((5, 6)), "u": rng.random((5, 4, 6))}


def halves(fields):
    return [{k: v[:3] for k, v in fields.items()}, {k: v[3:] for k, v in fields.items()}]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_round_trip(fields, tmp_path, dtype):
    source = SgnSamples(write(tmp_path / "a.h5", halves(fields), 5, dtype=dtype))
    for name, values in fields.items():
        assert np.array_equal(source.read(name), values.astype(dtype))
    assert np.array_equal(source.coordinates["t"], T)
    assert source.parameters == {"law": "test", "seed": 3, "nu": 0.5}
    assert source.fields["u"].axes == ("sample", "time", "x")


def test_statistics_do_not_depend_on_the_blocks(fields, tmp_path):
    for blocks in ([fields], halves(fields)):
        source = SgnSamples(write(tmp_path / "a.h5", blocks, 5, dtype="float64"))
        for name, values in fields.items():
            about = source.about(name)
            found = [about[key] for key in ("mean", "std", "min", "max")]
            exact = [values.mean(), values.std(), values.min(), values.max()]
            assert found == pytest.approx(exact, rel=1e-14)


def test_a_failed_write_keeps_the_old_file(fields, tmp_path):
    path = write(tmp_path / "a.h5", [fields], 5)
    before = path.read_bytes()
    bad = {**fields, "u": np.where(fields["u"] > 0.9, np.inf, fields["u"])}
    with pytest.raises(ValueError, match="u of sample 0 is NaN or infinite"):
        write(path, [bad], 5)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.h5"]


def test_every_chunk_has_a_checksum(fields, tmp_path):
    path = write(tmp_path / "a.h5", [fields], 5)
    with h5py.File(path) as file:
        assert all(file[name].fletcher32 for name in ("a", "u", "x", "t"))
        offset = file["u"].id.get_chunk_info(0).byte_offset
    content = bytearray(path.read_bytes())
    content[offset + 9] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="damaged"):
        SgnSamples(path).read("u")


def test_every_axis_has_a_scale(fields, tmp_path):
    """netCDF, and xarray with it, asks for one on all axes of a variable or on none."""
    path = write(tmp_path / "a.h5", [fields], 5)
    with h5py.File(path) as file:
        for name, axes in {"a": ["sample", "x"], "u": ["sample", "t", "x"]}.items():
            assert [dim[0].name.strip("/") for dim in file[name].dims] == axes
        assert np.array_equal(file["sample"], np.arange(5))
    source = SgnSamples(path)
    assert set(source.fields) == {"a", "u"}
    assert set(source.coordinates) == {"t", "x"}


def test_an_object_more_is_left_out(fields, tmp_path):
    path = write(tmp_path / "a.h5", [fields], 5)
    with h5py.File(path, "a") as file:
        file["mine"] = np.arange(3)
        file["gone"] = h5py.SoftLink("/nowhere")
    source = SgnSamples(path)
    assert np.array_equal(source.read("a"), fields["a"].astype("f4"))
    assert any(note.startswith("mine is left out") for note in source.notes)


def test_large_samples_are_cut_along_their_first_axis(tmp_path):
    x, t = np.linspace(0, 1, 1024), np.linspace(0, 1, 201)
    path = write_samples(
        tmp_path / "a.h5",
        {"t": t, "x": x},
        {"u": ("t", "x")},
        [{"u": np.zeros((2, 201, 1024))}],
        2,
        attrs={"law": "test"},
        groups={},
    )
    chunks = SgnSamples(path).fields["u"].chunks
    assert chunks == (1, CHUNK // 4096, 1024)
