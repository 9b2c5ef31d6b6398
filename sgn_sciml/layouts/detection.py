"""The layout of a file, recognised by its structure: names lie."""

import zipfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import cast

import h5py

from sgn_sciml.layouts.arrays.arrow import STATE, ArrowDataset
from sgn_sciml.layouts.arrays.deeponet import DeepOnetNpz
from sgn_sciml.layouts.arrays.neuralop_pt import NeuralopPt
from sgn_sciml.layouts.arrays.numpy_files import NumpyFile
from sgn_sciml.layouts.arrays.safetensors_file import SafetensorsFile
from sgn_sciml.layouts.arrays.zarr_store import ZarrStore
from sgn_sciml.layouts.contents import LayoutError, foreign
from sgn_sciml.layouts.fno_mat import FnoMat5, FnoMat73
from sgn_sciml.layouts.grid import SgnGrid
from sgn_sciml.layouts.hdf5_arrays import Hdf5Arrays
from sgn_sciml.layouts.hdf5_items import is_hdf5, open_hdf5
from sgn_sciml.layouts.joined import JoinedFiles, Paths, is_joined
from sgn_sciml.layouts.pdebench import PdebenchFlat, PdebenchIncompressible
from sgn_sciml.layouts.sample_groups import PdebenchGroups, SampleGroups
from sgn_sciml.layouts.samples import SgnSamples
from sgn_sciml.layouts.schema import Schema
from sgn_sciml.layouts.source import Source
from sgn_sciml.layouts.well import TheWell
from sgn_sciml.system.shipped import find_data

__all__ = ["LAYOUTS", "find_source", "open_source"]

FOLDERS: tuple[type[Source], ...] = (ZarrStore, ArrowDataset)  # which may be files, too
ARRAYS: tuple[type[Source], ...] = (
    *(FnoMat5, NeuralopPt, DeepOnetNpz, NumpyFile, ZarrStore, SafetensorsFile, ArrowDataset),
)
# The first that matches is taken, so what says its name comes before what is told by its parts.
LAYOUTS: tuple[type[Source], ...] = (
    SgnSamples,
    SgnGrid,
    FnoMat73,
    TheWell,
    PdebenchIncompressible,
    PdebenchFlat,
    PdebenchGroups,
    SampleGroups,
    Hdf5Arrays,
    *ARRAYS,
)
NAMELESS: tuple[type[Source], ...] = (FnoMat73, SampleGroups, Hdf5Arrays, *ARRAYS)

# What is often taken for one of them, by its first bytes.
OTHERS = {
    b"CDF": " (netCDF 3: convert it, nccopy -k nc4)",
    b"\x0e\x03\x13\x01": " (HDF4: convert it, h4toh5)",
    b"\x1f\x8b": " (gzip: unpack it)",
    b"version ": " (a pointer of Git LFS in place of the file: git lfs pull)",
    b"<": " (a web page in place of the file)",
    b"{": " (JSON: of zarr and of Hugging Face's datasets name the folder)",
    b"PK\x03\x04": " (a zip archive that is cut off or damaged)",
    b"PAR1": " (Parquet: datasets.Dataset.from_parquet(FILE).save_to_disk(FOLDER) makes Arrow)",
}


def open_source(path: Paths, schema: Schema | None = None) -> Source:
    """Open a data file of any known layout, or of arrays that a schema names.

    Args:
        path: The file, or the folder of zarr or Arrow; ``data/small/...`` names a shipped one
            from any folder. A pattern, ``runs/*.h5``, is all of its files as one; a mapping,
            ``{"a": "data/*.npy", "u": "model/*.npy"}``, fields that have files of their own.
        schema: What its arrays are, where the file does not say.

    Returns:
        Its source; nothing but metadata and coordinates is read.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, its parts do not fit together, its layout is unknown, or the
            schema does not fit it.
    """
    if is_joined(path):
        return JoinedFiles(path, schema, open_source)
    path = find_data(cast(str, path))
    if path.is_dir():
        return _open_folder(path, schema)
    if not path.is_file():
        raise FileNotFoundError(f"no data file {path}")
    with foreign(path), ExitStack() as stack:
        file = stack.enter_context(open_hdf5(path)) if is_hdf5(path) else None
        # A schema goes before what the layouts of HDF5 files tell by the names of their parts.
        layouts = NAMELESS if schema else LAYOUTS
        layout = next((known for known in layouts if known.matches(path, file)), None)
        if layout is None:
            raise LayoutError(
                f"{path} has {_top_level(path, file)}, which is not a known layout; known are "
                f"{', '.join(known.layout for known in LAYOUTS)}"
            )
    return layout(path, schema)


def _open_folder(path: Path, schema: Schema | None) -> Source:
    for layout in FOLDERS:
        if layout.matches(path, None):
            return layout(path, schema)
    inside = sorted(entry.name for entry in path.iterdir() if not entry.name.startswith("."))
    parts = [name for name in inside if (path / name / STATE).is_file()]
    if parts:
        raise LayoutError(
            f"{path} holds the data sets {', '.join(parts)}: name one, {path / parts[0]}"
        )
    ends = Counter(Path(name).suffix for name in inside)
    hint = f"it holds {', '.join(inside[:6])}" if inside else "it is empty"
    if inside and (most := ends.most_common(1)[0])[1] > 1 and most[0]:
        hint += f": name one of them, or all by a pattern, '{path / f'*{most[0]}'}'"
    raise LayoutError(f"{path} is a folder, not a data file; {hint}")


def find_source(path: Paths, schema: Schema | None = None) -> Source:
    """Open a file as :func:`open_source` does; if it is missing, say where to get it.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it cannot be read.
    """
    if not is_joined(path) and not find_data(cast(str, path)).exists():
        raise FileNotFoundError(
            f"no data file {path}; make it from its law (sgn data make --help) or "
            "download it (sgn data fetch --list)"
        )
    return open_source(path, schema)


def _top_level(path: Path, file: h5py.File | None) -> str:
    if file is not None:
        return f"top-level keys {', '.join(sorted(file)[:12]) or '(none)'}"
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return f"entries {', '.join(archive.namelist()[:12]) or '(none)'}"
    with path.open("rb") as stream:
        head = stream.read(8)
    what = next((text for start, text in OTHERS.items() if head.startswith(start)), "")
    return f"first bytes {head!r}{what}" if head else "nothing in it"
