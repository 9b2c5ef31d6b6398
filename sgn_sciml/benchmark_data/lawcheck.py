"""Does a file obey the law it seems to hold? Solve for its outputs again and compare.

The check tells laws apart that look alike: viscosity nu or nu/pi, a period of one or of 2 pi, an
advection speed that is wrong by a factor of two, a target that is not in balance.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from sgn_sciml.benchmark_data.steady_darcy import steady
from sgn_sciml.laws import NavierStokes2D
from sgn_sciml.laws.cole_hopf import propagate
from sgn_sciml.laws.law import Array, relative_difference
from sgn_sciml.layouts import Source

__all__ = ["Check", "check_law"]

SAMPLES = 3
CLOSE = 0.05  # a larger misfit is another law, a smaller one a coarse grid or another scheme


@dataclass(frozen=True)
class Check:
    """What was found.

    Attributes:
        about: What was compared.
        misfits: Candidate law to its largest relative L2 misfit.
        warnings: What a user must know.
    """

    about: str
    misfits: Mapping[str, float]
    warnings: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """The check as text."""
        yield self.about
        best = min(self.misfits, key=lambda name: self.misfits[name], default=None)
        width = max(map(len, self.misfits), default=0)
        for name, misfit in self.misfits.items():
            holds = name == best and misfit < CLOSE
            yield f"  {name:{width}}  misfit {misfit:.1e}" + ("  <- this law" if holds else "")
        if best is not None and self.misfits[best] >= CLOSE:
            yield "  none of these laws"
        yield from (f"warning: {warning}" for warning in self.warnings)


def check_law(source: Source) -> Check | None:
    """Compare a few samples with the laws that their shapes suggest.

    Returns:
        The finding; None if no law of this package has such fields.
    """
    if source.layout == "sgn-grid-1":  # exact by its maker, and between walls
        return None
    if "solved_by" in source.parameters:  # any equation; how exactly, each sample says
        return None
    axes = {name: field.axes[1:] for name, field in source.fields.items()}
    trajectories = [name for name, a in axes.items() if a == ("time", "x")]
    lines = [name for name, a in axes.items() if a == ("x",)]
    squares = [name for name, a in axes.items() if a == ("x", "y")]
    if len(axes) == 1 and trajectories and "rho" not in source.parameters:
        if "beta" in source.parameters:
            return _advection(source, trajectories[0])
        return _burgers_trajectory(source, trajectories[0])
    if {"a", "u"} <= set(lines):
        return _burgers_pair(source)
    for coefficient, solution in (("nu", "tensor"), ("a", "u"), ("coeff", "sol")):
        if {coefficient, solution} <= set(squares):
            return _darcy(source, coefficient, solution)
    if "u" in axes and axes["u"] == ("time", "x", "y"):
        return _navier_stokes(source)
    return None


def _misfits(
    candidates: Mapping[str, Callable[[Array], Array]], start: Array, end: Array
) -> dict[str, float]:
    misfits = {}
    for name, solve in candidates.items():
        try:
            again = np.stack([solve(u) for u in start])
        except ValueError:  # so steep under this law that it cannot be it
            misfits[name] = math.inf
        else:
            misfits[name] = relative_difference(again, end)
    return misfits


def _burgers_pair(source: Source) -> Check:
    count = min(SAMPLES, source.num_samples)
    a, u = (source.read(name, slice(count)).astype(float) for name in ("a", "u"))

    def solver(nu: float, length: float) -> Callable[[Array], Array]:
        return lambda start: length * propagate(start / length, nu / length**2, 1.0)

    candidates = {
        "nu = 0.1 on [0, 2 pi] (FNO's file)": solver(0.1, 2 * math.pi),
        "nu = 0.1 on [0, 1] (FNO's text)": solver(0.1, 1.0),
        "nu = 0.01 on [0, 1]": solver(0.01, 1.0),
    }
    nu = source.parameters.get("nu")
    if isinstance(nu, float) and nu not in (0.1, 0.01):
        candidates[f"nu = {nu:g} on [0, 2 pi]"] = solver(nu, 2 * math.pi)
    return Check("Burgers, u from a over one unit of time", _misfits(candidates, a, u))


def _times(source: Source, name: str, share: float) -> tuple[int, float] | None:
    """A frame about a share of the way, and the time that passes until then."""
    t = source.coordinates.get("t")
    frames = source.fields[name].lengths["time"]
    if t is None or frames < 2:
        return None
    frame = max(1, round(share * (frames - 1)))
    return frame, float(t[frame] - t[0])


def _length(source: Source) -> float:
    """Period of a uniform grid that leaves out one of its ends."""
    x = source.coordinates.get("x")
    return 1.0 if x is None else float((x[-1] - x[0]) * len(x) / (len(x) - 1))


def _burgers_trajectory(source: Source, name: str) -> Check | None:
    later, length = _times(source, name, 0.05), _length(source)
    nu = next((source.parameters[k] for k in ("Nu", "nu") if k in source.parameters), None)
    if later is None or not isinstance(nu, int | float) or nu <= 0:
        return None
    frame, time = later
    count = min(SAMPLES, source.num_samples)
    u = source.read(name, slice(count), slice(0, frame + 1, frame)).astype(float)

    def solver(nu: float) -> Callable[[Array], Array]:
        return lambda start: length * propagate(start / length, nu / length**2, time)

    candidates = {
        f"viscosity nu/pi = {nu / math.pi:.3g} (PDEBench)": solver(nu / math.pi),
        f"viscosity nu = {nu:.3g}": solver(nu),
    }
    about = f"Burgers on a period of {length:.3g}, from t = 0 to {time:.3g}"
    return Check(about, _misfits(candidates, u[:, 0], u[:, 1]))


def _advection(source: Source, name: str) -> Check | None:
    later, length = _times(source, name, 0.05), _length(source)
    beta = source.parameters["beta"]
    if later is None or not isinstance(beta, int | float):
        return None
    frame, time = later
    count = min(SAMPLES, source.num_samples)
    u = source.read(name, slice(count), slice(0, frame + 1, frame)).astype(float)

    def solver(speed: float) -> Callable[[Array], Array]:
        def shift(start: Array) -> Array:
            k = 2j * np.pi * np.arange(len(start) // 2 + 1) / length
            return np.fft.irfft(np.fft.rfft(start) * np.exp(-k * speed * time), len(start))

        return shift

    candidates = {
        f"speed beta = {beta:g}": solver(beta),
        f"speed 2 beta = {2 * beta:g}": solver(2 * beta),
        f"speed beta/2 = {beta / 2:g}": solver(beta / 2),
    }
    about = f"advection on a period of {length:.3g}, from t = 0 to {time:.3g}"
    return Check(about, _misfits(candidates, u[:, 0], u[:, 1]))


def _darcy(source: Source, coefficient: str, solution: str) -> Check:
    count = min(SAMPLES, source.num_samples)
    beta = source.parameters.get("beta", 1.0)
    a, u = (source.read(name, slice(count)).astype(float) for name in (coefficient, solution))
    again = np.stack([steady(source, sample, beta) for sample in a])
    warnings = []
    if source.layout == "pdebench-flat":
        if beta <= 1:
            warnings.append(
                f"beta = {beta:g}: the target is a transient, stopped early, from a random start "
                "that is not stored; for beta <= 1 much of it cannot be predicted. "
                "sgn data resolve-darcy solves for the steady state"
            )
        x = source.coordinates.get("x")
        if x is not None and (x[0] < 0 or x[-1] > 1):
            warnings.append("the coordinates leave the unit square")
    about = f"Darcy, solved again on the stored {len(a[0])} x {len(a[0])} coefficient"
    return Check(
        about, {f"steady state, f = {beta:g}": relative_difference(u, again)}, (*warnings,)
    )


def _navier_stokes(source: Source) -> Check | None:
    later = _times(source, "u", 0.0)
    n = source.fields["u"].lengths["x"]
    if later is None or n % 2 or n != source.fields["u"].lengths["y"]:
        return None
    t = source.coordinates["t"]
    u = source.read("u", slice(1), slice(0, 3))[0].astype(float)
    if len(u) < 3:
        return None
    stored = source.parameters.get("nu")
    nus = [stored] if isinstance(stored, float) else [1e-3, 1e-4, 1e-5]
    start = np.fft.rfft2(u[1], norm="forward")
    misfits = {}
    for nu in nus:
        law = NavierStokes2D(nu=nu, grid=n, res=n, time=float(t[2] - t[1]), frames=2)
        misfits[f"nu = {nu:g}"] = relative_difference(law.trajectory(start)[None, 1], u[None, 2])
    return Check(f"Navier-Stokes on {n} x {n} points, t = {t[1]:g} to {t[2]:g}", misfits)
