"""Reading PDE benchmark files of any known layout through one lazy interface."""

from typing import TYPE_CHECKING, Any

from sgn_sciml.system.extras import needed_by

if TYPE_CHECKING:
    from sgn_sciml.layouts.grid_fields import GridFields, read_grid, write_grid

with needed_by(__name__, "data"):
    from sgn_sciml.layouts.arrays.arrow import ArrowDataset
    from sgn_sciml.layouts.arrays.deeponet import DeepOnetNpz
    from sgn_sciml.layouts.arrays.memory import MemoryArrays
    from sgn_sciml.layouts.arrays.neuralop_pt import NeuralopPt
    from sgn_sciml.layouts.arrays.numpy_files import NumpyFile
    from sgn_sciml.layouts.arrays.safetensors_file import SafetensorsFile
    from sgn_sciml.layouts.arrays.zarr_store import ZarrStore
    from sgn_sciml.layouts.contents import Field, LayoutError
    from sgn_sciml.layouts.detection import LAYOUTS, find_source, open_source
    from sgn_sciml.layouts.fno_mat import FnoMat5, FnoMat73
    from sgn_sciml.layouts.grid import SgnGrid
    from sgn_sciml.layouts.hdf5 import Hdf5Source
    from sgn_sciml.layouts.hdf5_arrays import Hdf5Arrays
    from sgn_sciml.layouts.joined import JoinedFiles
    from sgn_sciml.layouts.pdebench import PdebenchFlat, PdebenchIncompressible
    from sgn_sciml.layouts.sample_groups import PdebenchGroups, SampleGroups
    from sgn_sciml.layouts.samples import SgnSamples, write_samples
    from sgn_sciml.layouts.schema import Schema
    from sgn_sciml.layouts.source import Source
    from sgn_sciml.layouts.well import TheWell

__all__ = [
    "LAYOUTS",
    "ArrowDataset",
    "DeepOnetNpz",
    "Field",
    "FnoMat5",
    "FnoMat73",
    "GridFields",
    "Hdf5Arrays",
    "Hdf5Source",
    "JoinedFiles",
    "LayoutError",
    "MemoryArrays",
    "NeuralopPt",
    "NumpyFile",
    "PdebenchFlat",
    "PdebenchGroups",
    "PdebenchIncompressible",
    "SafetensorsFile",
    "SampleGroups",
    "Schema",
    "SgnGrid",
    "SgnSamples",
    "Source",
    "TheWell",
    "ZarrStore",
    "find_source",
    "open_source",
    "read_grid",
    "write_grid",
    "write_samples",
]


def __getattr__(name: str) -> Any:
    if name not in ("GridFields", "read_grid", "write_grid"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from sgn_sciml.layouts import grid_fields  # torch comes with it: seconds for who makes data

    return getattr(grid_fields, name)
