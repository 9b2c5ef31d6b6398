r"""How fast does a network's tangent kernel learn each frequency, and is that what it then learns?

Networks learn the tones of :mod:`~sgn_sciml.studies.experiments.tones`. At the start, at the end
and at a few steps between them the kernel K on the points of training is measured
(:mod:`~sgn_sciml.studies.experiments.kernels`). Were training gradient flow with the first kernel,
a tone would take the time

.. math::
    t_k = \frac{N}{q_k^T K q_k}

to fall by a factor e, if it is an eigenvector. Networks are trained by Adam and their kernels
move, so that only the order in which tones are learned is compared with the predicted one, pair
by pair; tones that are never learned share the last place. Three predictions:
``rate``, by the first kernel's :math:`t_k`; ``flow``, by gradient flow with the whole of it, which
knows that a tone may lie in fast and slow eigenvectors; ``trained``, by :math:`t_k` of the last
kernel, which is known too late to be a prediction.
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sgn_sciml.studies.engine.cell import Curve, Outcome
from sgn_sciml.studies.experiments.kernels import (
    alignment,
    effective_rank,
    flow_times,
    jacobian,
    kernel_distance,
    mode_rates,
    rounding,
    spectrum,
)
from sgn_sciml.studies.experiments.members import Members
from sgn_sciml.studies.experiments.tones import LEARNED, ToneLog, Tones

__all__ = ["Ntk", "concordance"]


class Ntk(Tones):
    """Tones learned, with the tangent kernel before, while and after.

    The seed's own signal and weights make its kernel; kernels are never averaged over seeds. Kept
    of the first and the last one are ``trace`` over N, ``effective_rank``, ``condition`` (first
    eigenvalue over the 2K-th, since K tones need two each), ``spread`` (rate of the fastest tone
    over that of the slowest), ``tones_share`` (of the trace, in the frequencies of the tones) and
    the mean ``alignment`` of the leading 2K eigenvectors.

    Args:
        num_tones: Number of tones; the k-th has k periods in the domain.
        steps: Number of steps.
        num_snapshots: Number of steps at which the kernel is measured, evenly in their logarithm.
        kwargs: Other arguments of :class:`Tones`.

    Raises:
        ValueError: For what :class:`Tones` refuses.
    """

    def __init__(
        self, num_tones: int = 32, steps: int = 3000, num_snapshots: int = 5, **kwargs: Any
    ) -> None:
        super().__init__(num_tones=num_tones, steps=steps, num_snapshots=num_snapshots, **kwargs)

    @classmethod
    def make_log(cls, cells: Sequence[Self], members: Members, x: Tensor) -> "KernelLog":
        return KernelLog(cells, members, x)


class KernelLog(ToneLog):
    """What is known of tones and kernels while training goes on.

    Args:
        cells: The members' cells.
        members: The networks.
        x: Points of training.
    """

    def __init__(self, cells: Sequence[Tones], members: Members, x: Tensor) -> None:
        super().__init__(cells, x)
        self.cells, self.members, self.x = cells, members, x
        self.kernels: list[list[Tensor]] = []

    def look(self, step: int, values: Tensor) -> None:
        super().look(step, values)
        if step not in self.kept:
            return
        if step == 0:
            self.start = values.double().cpu()
        points = self.x[:, None].to(values.device)
        found = []
        for m in range(len(self.cells)):
            rows = jacobian(self.members.first, self.members.tensors(m), points)
            found.append((rows @ rows.T).cpu())
        self.kernels.append(found)

    def outcomes(
        self, sizes: dict[str, int], losses: Tensor, train: Tensor, held_out: Tensor
    ) -> list[Outcome]:
        found = super().outcomes(sizes, losses, train, held_out)
        return [self._with_kernels(m, outcome) for m, outcome in enumerate(found)]

    def _with_kernels(self, m: int, outcome: Outcome) -> Outcome:
        """A member's outcome with what its kernels say added."""
        kernels = [each[m] for each in self.kernels]
        spectra = [spectrum(kernel) for kernel in kernels]
        values = torch.stack([eigenvalues for eigenvalues, _ in spectra])
        rates = torch.stack([mode_rates(kernel) for kernel in kernels])
        aligned = [self._aligned(*each) for each in spectra]
        share, strongest = (torch.stack(each) for each in zip(*aligned, strict=True))
        signal, num_tones = self.cells[m].signal, len(self.tones)
        flow = flow_times(
            *spectra[0],
            signal(self.x) - self.start[m],
            signal.waves(self.x),
            LEARNED * signal.amplitudes,
        )
        step = {"step": self.steps}
        index = list(range(1, len(self.x) + 1))
        curves = {
            "eigenvalue": Curve(step | {"index": index}, values.numpy()),
            "rate": Curve(step | {"frequency": list(range(rates.shape[1]))}, rates.numpy()),
            "aligned_share": Curve(step | {"index": index[: 2 * num_tones]}, share.numpy()),
            "aligned_with": Curve(step | {"index": index[: 2 * num_tones]}, strongest.numpy()),
            "flow_time": Curve({"frequency": self.tones.tolist()}, flow.numpy()),
        }
        tones = rates[:, 1 : num_tones + 1]
        scalars = {"trained/kernel_distance": kernel_distance(kernels[0], kernels[-1])}
        for stage, at in (("init", 0), ("trained", -1)):
            trace = values[at].mean()
            scalars |= {
                f"{stage}/trace": float(trace),
                f"{stage}/effective_rank": effective_rank(values[at]),
                f"{stage}/condition": float(values[at, 0] / values[at, 2 * num_tones - 1]),
                f"{stage}/spread": float(tones[at].max() / tones[at].min()),
                f"{stage}/tones_share": float(2 * tones[at].sum() / trace),
                f"{stage}/alignment": float(share[at].nanmean()),
            }
        took = outcome.curves["time_to_learn"].values
        for name, times in (("rate", 1 / tones[0]), ("flow", flow), ("trained", 1 / tones[-1])):
            scalars[f"agreement/{name}"] = concordance(times.numpy(), took)
        return Outcome({**outcome.scalars, **scalars}, {**outcome.curves, **curves})

    def _aligned(self, eigenvalues: Tensor, vectors: Tensor) -> tuple[Tensor, Tensor]:
        """Alignment of the leading two eigenvectors per tone; NaN of those lost in rounding."""
        leading = 2 * len(self.tones)
        lost = eigenvalues[:leading] <= 2 * rounding(eigenvalues)
        share, strongest = alignment(vectors[:, :leading])
        return share.masked_fill(lost, torch.nan), strongest.double().masked_fill(lost, torch.nan)


def concordance(predicted: NDArray[np.floating], took: NDArray[np.floating]) -> float:
    """How often a prediction has the order right, in which NaN is later than any time.

    Of the pairs of which one was the earlier, the share in which it was predicted to be; what is
    predicted to be equal counts half. Chance gives 0.5. Correlations of ranks would be low where
    few tones are learned, however well these are chosen.

    Returns:
        NaN if all took equally long, so that there is no order.

    Example:
        >>> concordance(np.array([1.0, 2.0, 3.0]), np.array([10.0, np.nan, np.nan]))
        1.0
    """
    first, second = (np.where(np.isnan(times), np.inf, times) for times in (predicted, took))
    earlier = second[:, None] < second
    if not earlier.any():
        return float("nan")
    right = (first[:, None] < first) + 0.5 * (first[:, None] == first)
    return float(right[earlier].mean())
