"""What a user's own script sees of the package's types; read by mypy in ``make types``.

The mistake is one: where its ``ignore`` were not needed, mypy would say so.
"""

from torch import Tensor, nn, zeros

from sgn_sciml import PINN, CoordinateMLP, SpectralGate, inject
from sgn_sciml.pde import Burgers


def use() -> None:
    gate = SpectralGate(8, num_frequencies=4)
    out: Tensor = gate(zeros(2, 8))
    replaced = inject(nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 8)))
    names: list[str] = [each.name for each in replaced]
    task = PINN(CoordinateMLP(2, 1, width=8), Burgers(nu=0.01))
    nu: float = Burgers().nu
    CoordinateMLP(2, 1, width="8")  # type: ignore[arg-type]
    print(out, names, task, nu)
