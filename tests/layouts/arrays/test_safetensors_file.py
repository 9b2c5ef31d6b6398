"""What is special about safetensors: types that NumPy lacks, metadata, damaged heads."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from sgn_sciml.layouts import open_source

from ..files import tensors, values

U = values(6, 16)


def test_metadata_are_constants_and_lists_those_of_samples(tmp_path):
    nu = np.linspace(0, 1, 6)
    about = {"nu": "0.25", "law": "burgers", "steps": "[1, 2]"}
    source = open_source(tensors(tmp_path / "a.safetensors", about, u=U, nu_each=nu))
    assert source.parameters == {"nu": 0.25, "law": "burgers", "steps": "[1, 2]"}
    assert np.array_equal(source.sample_parameter("nu_each"), nu)


def test_short_floats_are_read_as_float32(tmp_path):
    half = torch.arange(96.0).reshape(6, 16)
    kinds = {"b": torch.bfloat16, "h": torch.float16, "e": torch.float8_e5m2}
    arrays = {name: half.to(kind) for name, kind in kinds.items()}
    save_file(arrays | {"z": half.to(torch.complex64)}, tmp_path / "a.safetensors")
    source = open_source(tmp_path / "a.safetensors")
    assert {name: field.dtype.str[1:] for name, field in source.fields.items()} == {
        "b": "f4", "h": "f2", "e": "f4",
    }  # fmt: skip
    for name, array in arrays.items():
        assert np.array_equal(source.read(name, [4, 1], stride=3), array[[4, 1], ::3].float())
    assert source.left_out == {"z": "holds C64"}


def test_a_cut_file_is_one_line(tmp_path):
    path = tensors(tmp_path / "a.safetensors", u=U)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ValueError, match="is damaged or incomplete"):
        open_source(path)
