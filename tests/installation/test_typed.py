"""The types of an installed package, as a user's own script sees them."""

import subprocess
import sys

import pytest

SCRIPT = """\
from torch import Tensor, nn, zeros

from sgn_sciml import PINN, CoordinateMLP, SpectralGate, inject
from sgn_sciml.pde import Burgers

gate = SpectralGate(8, num_frequencies=4)
out: Tensor = gate(zeros(2, 8))
replaced = inject(nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 8)))
names: list[str] = [each.name for each in replaced]
task = PINN(CoordinateMLP(2, 1, width=WIDTH), Burgers(nu=0.01))
nu: float = Burgers().nu
"""


@pytest.fixture(scope="module")
def checked(operators, tmp_path_factory, pytestconfig):
    """Check the script; what mypy knows of torch is kept between runs, which saves 15 s."""
    folder, cache = tmp_path_factory.mktemp("user"), pytestconfig.cache.mkdir("mypy")

    def check(width: str) -> str:
        (folder / "use.py").write_text(SCRIPT.replace("WIDTH", width))
        command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary"]
        command += ["--python-executable", operators.python, "--cache-dir", cache, "use.py"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    return check


def test_a_strict_script_has_no_errors_and_mistakes_are_found(checked):
    assert checked("8") == ""
    assert 'Argument "width" to "CoordinateMLP" has incompatible type "str"' in checked("'8'")
