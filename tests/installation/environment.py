"""A wheel of this package, installed beside just the packages that some extra brings.

Those packages are links to the ones that the tests run with, so nothing is downloaded, and what
an extra forgets is truly absent.
"""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib.metadata import Distribution, PackageNotFoundError, PathDistribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

from tests.conftest import ROOT

BINARIES = "Scripts" if os.name == "nt" else "bin"


def build(folder: Path) -> Path:
    """Build the wheel as ``pip`` does."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--disable-pip-version-check", "-w", folder, ROOT]
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def about(wheel: Path) -> Distribution:
    """The metadata of a wheel."""
    path = zipfile.Path(wheel)
    return PathDistribution(next(p for p in path.iterdir() if p.name.endswith(".dist-info")))


def needed(package: Distribution, extras: set[str]) -> dict[str, Distribution]:
    """All installed distributions that a package with extras brings along, by name.

    Those that are not installed here are for other platforms, or their absence is an error of the
    environment that the tests run in.
    """
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(package, extra) for extra in {"", *extras}]
    while waiting:
        holder, extra = waiting.pop()
        for line in holder.requires or []:
            want = Requirement(line)
            key = want.name.lower(), ",".join(sorted(want.extras))
            if want.marker and not want.marker.evaluate({"extra": extra}):
                continue
            if (key[0], extra and key[1]) in seen:
                continue
            seen.add((key[0], extra and key[1]))
            try:
                found[key[0]] = distribution(want.name)
            except PackageNotFoundError:
                continue
            waiting += [(found[key[0]], more) for more in {"", *want.extras}]
    return found


class Installation:
    """An environment with the wheel and what its extras bring.

    Args:
        folder: Where to make it.
        wheel: The wheel.
        extras: Extras of it.
    """

    def __init__(self, folder: Path, wheel: Path, *extras: str) -> None:
        self.folder, self.wheel, self.extras = folder, wheel, set(extras)
        self.python = folder / BINARIES / "python"
        self.site = Path(sysconfig.get_path("purelib", vars={"base": folder, "platbase": folder}))

    def install(self) -> None:
        """Make the environment."""
        venv.EnvBuilder(symlinks=os.name != "nt").create(self.folder)
        command = [sys.executable, "-m", "pip", "--python", self.python, "install", "--quiet"]
        command += ["--no-deps", "--no-index", "--disable-pip-version-check", self.wheel]
        subprocess.run(command, check=True, capture_output=True)
        for package in needed(about(self.wheel), self.extras).values():
            for top in {file.parts[0] for file in package.files or []} - {"..", "__pycache__"}:
                link = self.site / top
                if not link.exists():
                    link.symlink_to(package.locate_file(top))

    def run(self, *words: object, folder: Path) -> subprocess.CompletedProcess[str]:
        """Run its Python in a folder, which does not become a place of modules."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "SGN_"))}
        return subprocess.run(
            [self.python, "-P", *map(str, words)],
            cwd=folder,
            env=kept | {"OMP_NUM_THREADS": "1", "COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=False,
        )

    def sgn(self, *words: object, folder: Path) -> subprocess.CompletedProcess[str]:
        """Run its ``sgn`` command in a folder."""
        return self.run(self.folder / BINARIES / "sgn", *words, folder=folder)
