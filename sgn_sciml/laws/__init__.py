"""Laws of benchmark data: random inputs, an equation, a solver. NumPy and SciPy only."""

from sgn_sciml.laws.burgers import BurgersPaper, BurgersR10
from sgn_sciml.laws.darcy import DarcyFlow, DarcyLognormal
from sgn_sciml.laws.law import Law
from sgn_sciml.laws.navier_stokes import NavierStokes2D
from sgn_sciml.laws.pdebench import AdvectionPDEBench, BurgersPDEBench
from sgn_sciml.system.moved import renamed

__all__ = [
    "LAWS",
    "AdvectionPDEBench",
    "BurgersPDEBench",
    "BurgersPaper",
    "BurgersR10",
    "DarcyFlow",
    "DarcyLognormal",
    "Law",
    "NavierStokes2D",
]

LAWS: dict[str, type[Law]] = {
    law.name: law
    for law in (
        BurgersR10,
        BurgersPaper,
        BurgersPDEBench,
        AdvectionPDEBench,
        DarcyFlow,
        DarcyLognormal,
        NavierStokes2D,
    )
}

__getattr__ = renamed(__name__, {"Darcy": DarcyFlow})
