"""Official benchmark files: where they lie, what they hold, how to tell that they arrived whole.

PDEBench: DaRUS, doi 10.18419/darus-2986; identifiers and md5 as in the authors' own list
(``pdebench/data_download/pdebench_data_urls.csv``; the identifiers in its README are older).
neuraloperator: the two Zenodo records that its loaders name. Sizes are for the list only: they
follow from the array shapes or were reported by users, and the server's answer decides.
"""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

__all__ = ["CATALOG", "Remote", "find_remote", "list_remotes", "readable_size"]


@dataclass(frozen=True)
class Remote:
    """One file on a public server.

    Attributes:
        name: What the user types.
        file: Name of the file on disk.
        url: Address, http or https.
        md5: Published checksum in hexadecimal, if any.
        sha256: Published checksum in hexadecimal, if any; it wins over md5.
        about: What the file holds, in a few words.
        licence: Terms of the data, and where to read them.
        size: Approximate size in bytes, if known.
    """

    name: str
    file: str
    url: str
    md5: str | None = None
    sha256: str | None = None
    about: str = ""
    licence: str = "unknown, see source"
    size: int | None = None

    @property
    def checksum(self) -> tuple[str, str | None]:
        """The algorithm to hash with and the value to expect, None where none is published."""
        if self.md5 and not self.sha256:
            return "md5", self.md5.lower()
        return "sha256", self.sha256.lower() if self.sha256 else None


ADVECTION = {
    "0.1": (255672, "b4be2fc3383f737c76033073e6d2ccfb"),
    "0.2": (255671, "d47b52c1be4b6bcaa8748a8df2f5fbb8"),
    "0.4": (255674, "d595bbfd2c659df995a93cd40d6ea568"),
    "0.7": (255666, "f89030c240a1e90b55649776854a84c2"),
    "1.0": (255675, "1fe41923a4123db55bf4e89bea32e142"),
    "2.0": (255677, "0e9beff98693089c38e213a1f2b9ac43"),
    "4.0": (255676, "a87b03ff425496360e2732921805f47d"),
    "7.0": (255664, "72a286ad2fcba574bd20bc045ba82d58"),
}
BURGERS = {
    "0.001": (268190, "44cb784d5a07aa2b1c864cabdcf625f9"),
    "0.002": (268193, "edf1cd13622d151dfde3e4e5af7a95b4"),
    "0.004": (268191, "435e1fecb8a64a0b4563bb8d09f81c33"),
    "0.01": (281363, "e6d9a4f62baf9a29121a816b919e2770"),
    "0.02": (268189, "7c8c717a3a7818145877baa57106b090"),
    "0.04": (281362, "16f4c7afaf8c16238be157e54c9297c7"),
    "0.1": (268185, "660ba1008d3843bf4e28d2895eb607ce"),
    "0.2": (268187, "01d9333254dff2f3cad090b61f5cf695"),
    "0.4": (268192, "58327a6107e8f9defb5075677cc42533"),
    "1.0": (281365, "9021eba35332d127306f11ef84c1a60f"),
    "2.0": (281364, "70fe0c24d9313e70f6059e5212bdb3d7"),
    "4.0": (268188, "8af7f70166c00ffad377c80fa477d81f"),
}
DARCY = {
    "0.01": (133217, "d05c287d4c0b7d3178b0097084238251"),
    "0.1": (133218, "294f9a03a4aa16b0e386469ca8b471be"),
    "1.0": (133219, "81694ed31306ff2e5f6b76349b0b4389"),
    "10.0": (133220, "a7f23cf8011fc211b180828af39b7d1a"),
    "100.0": (133221, "7c09f3b1bb097737d3fd52ffb0c6f1c8"),
}
SORPTION = (133020, "9d466d1213065619d087319e16d9a938")
REACTION = (133017, "b8d0b86064193195ddc30c33be5dc949")
SHALLOW = (133021, "75d838c47aa410694bdc912ea7f22282")
# neuraloperator asks Zenodo for the md5 while it downloads. These two are quoted by one public
# script that checks its downloads against them; those of the Darcy archives were not found.
VORTICITY = {
    "128": ("70a389207ac93935d5ff3d4289d43581", 1.45),
    "1024": ("8b5c239a215e5e9ff0863fed2e8adcdf", 15.4),
}


def pdebench(name: str, file: str, number: int, md5: str, about: str, size: float) -> Remote:
    """A file of PDEBench by its number at DaRUS; its size is in GB."""
    url = f"https://darus.uni-stuttgart.de/api/access/datafile/{number}"
    terms = "CC BY 4.0 as reported, see https://doi.org/10.18419/darus-2986"
    return Remote(f"pdebench-{name}", file, url, md5, None, about, terms, round(size * 1e9))


def zenodo(name: str, record: int, file: str, about: str, **known: Any) -> Remote:
    """An archive of neuraloperator by its record at Zenodo."""
    url = f"https://zenodo.org/records/{record}/files/{file}?download=1"
    about = f"{about}; archive of .pt files"
    terms = f"{known.pop('licence')}, see https://zenodo.org/records/{record}"
    return Remote(f"neuralop-{name}", file, url, about=about, licence=terms, **known)


def entries() -> Iterator[Remote]:
    """All files, family by family."""
    for beta, of in ADVECTION.items():
        about = f"advection, beta = {beta}: 10000 x 201 x 1024"
        yield pdebench(f"advection-{beta}", f"1D_Advection_Sols_beta{beta}.hdf5", *of, about, 8.23)
    for nu, of in BURGERS.items():
        about = f"Burgers, nu = {nu}: 10000 x 201 x 1024"
        yield pdebench(f"burgers-{nu}", f"1D_Burgers_Sols_Nu{nu}.hdf5", *of, about, 8.23)
    for beta, of in DARCY.items():
        about = f"Darcy flow, beta = {beta}: 10000 x 128 x 128"
        if float(beta) <= 1:
            about += ", in part not predictable (hidden start)"
        yield pdebench(f"darcy-{beta}", f"2D_DarcyFlow_beta{beta}_Train.hdf5", *of, about, 1.31)
    about = "1-D diffusion-sorption"
    yield pdebench("diff-sorp", "1D_diff-sorp_NA_NA.h5", *SORPTION, about, 4.0)
    about = "2-D diffusion-reaction"
    yield pdebench("diff-react", "2D_diff-react_NA_NA.h5", *REACTION, about, 13.0)
    about = "2-D shallow water, radial dam break"
    yield pdebench("swe", "2D_rdb_NA_NA.h5", *SHALLOW, about, 6.2)
    yield Remote(
        "fno-burgers-r10",
        "burgers_data_R10.mat",
        "https://ssd.mathworks.com/supportfiles/nnet/data/burgers1d/burgers_data_R10.mat",
        about="Burgers of the FNO paper: 2048 x 8192 at t = 0 and 1, MathWorks' mirror",
        size=615_000_000,
    )
    for side in ("16", "32", "64", "128", "421"):
        about = f"Darcy flow, {side} x {side}"
        yield zenodo(f"darcy-{side}", 12784353, f"darcy_{side}.tgz", about, licence="unknown")
    for side, (md5, gb) in VORTICITY.items():
        about = f"2-D Navier-Stokes vorticity, Re = 500, {side} x {side}"
        known = {"md5": md5, "size": round(gb * 1e9), "licence": "CC BY 4.0 as reported"}
        yield zenodo(f"navier-stokes-{side}", 12825163, f"nsforcing_{side}.tgz", about, **known)


CATALOG = tuple(entries())


def find_remote(name: str) -> Remote:
    """The entry of that name.

    Raises:
        ValueError: If there is none; the message names the closest ones.
    """
    remotes = {remote.name: remote for remote in CATALOG}
    if name not in remotes:
        close = difflib.get_close_matches(name.lower(), remotes, n=3, cutoff=0.5)
        hint = f"did you mean {', '.join(close)}?" if close else "`sgn data fetch` lists them"
        raise ValueError(f"no benchmark file {name!r}; {hint}")
    return remotes[name]


def list_remotes() -> str:
    """The catalogue as an aligned table, one file a line."""
    rows = [("NAME", "FILE", "SIZE", "WHAT")]
    for r in CATALOG:
        rows.append((r.name, r.file, readable_size(r.size) if r.size else "?", r.about))
    a, b, c = (max(len(row[k]) for row in rows) for k in range(3))
    lines = [f"{n:{a}}  {f:{b}}  {s:>{c}}  {w}".rstrip() for n, f, s, w in rows]
    return "\n".join(lines)


def readable_size(size: float) -> str:
    """A number of bytes as text.

    >>> readable_size(8_232_968_312)
    '8.23 GB'
    """
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size:.0f} bytes"
