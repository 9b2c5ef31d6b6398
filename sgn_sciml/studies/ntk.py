r"""How fast does a network's tangent kernel learn each frequency, and is that what it then learns?

Networks learn the tones of :mod:`sgn_sciml.studies.tones`. At the start, at the end and at a few
steps between them the kernel K on the points of training is measured
(:mod:`sgn_sciml.studies.kernels`). Were training gradient flow with the first kernel, a tone would
take the time

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

from sgn_sciml.studies.cell import Curve, Outcome
from sgn_sciml.studies.kernels import (
    alignment,
    effective_rank,
    flow_times,
    jacobian,
    kernel_distance,
    mode_rates,
    spectrum,
)
from sgn_sciml.studies.members import Members
from sgn_sciml.studies.tones import LEARNED, ToneLog, Tones

__all__ = ["Ntk", "concordance"]


class Ntk(Tones):
    """Tones learned, with the tangent kernel before, while and after.

    The seed's own signal and weights make its kernel; kernels are never averaged over seeds.

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
        kernels = [each[m] for each in self.kernels]
        count, num_tones = len(self.x), len(self.tones)
        spectra = [spectrum(kernel) for kernel in kernels]
        values = torch.stack([eigenvalues for eigenvalues, _ in spectra])
        rates = torch.stack([mode_rates(kernel) for kernel in kernels])
        aligned = [alignment(vectors[:, : 2 * num_tones]) for _, vectors in spectra]
        share = torch.stack([found for found, _ in aligned])
        strongest = torch.stack([found for _, found in aligned]).double()
        # An eigenvector lost in rounding is any vector.
        lost = (
            values[:, : 2 * num_tones] <= 2 * values[:, :1] * count * torch.finfo(values.dtype).eps
        )
        share, strongest = (each.masked_fill(lost, torch.nan) for each in (share, strongest))
        steps, index = self.steps, list(range(1, count + 1))
        leading = index[: 2 * num_tones]
        curves = {
            "eigenvalue": Curve({"step": steps, "index": index}, values.numpy()),
            "rate": Curve(
                {"step": steps, "frequency": list(range(rates.shape[1]))}, rates.numpy()
            ),
            "aligned_share": Curve({"step": steps, "index": leading}, share.numpy()),
            "aligned_with": Curve({"step": steps, "index": leading}, strongest.numpy()),
        }
        scalars = {}
        for stage, at in (("init", 0), ("trained", -1)):
            tones = rates[at, 1 : num_tones + 1]
            scalars |= {
                f"{stage}/trace": float(values[at].sum() / count),
                f"{stage}/effective_rank": effective_rank(values[at]),
                f"{stage}/condition": float(values[at, 0] / values[at, 2 * num_tones - 1]),
                f"{stage}/spread": float(tones.max() / tones.min()),
                f"{stage}/tones_share": float(2 * tones.sum() / (values[at].sum() / count)),
                f"{stage}/alignment": float(share[at].nanmean()),
            }
        scalars["trained/kernel_distance"] = kernel_distance(kernels[0], kernels[-1])
        signal = self.cells[m].signal
        flow = flow_times(
            *spectra[0],
            signal(self.x) - self.start[m],
            signal.waves(self.x),
            LEARNED * signal.amplitudes,
        )
        took = outcome.curves["time_to_learn"].values
        predicted = {
            "rate": 1 / rates[0, 1 : num_tones + 1],
            "flow": flow,
            "trained": 1 / rates[-1, 1 : num_tones + 1],
        }
        for name, times in predicted.items():
            scalars[f"agreement/{name}"] = concordance(times.numpy(), took)
        tones_axis = {"frequency": self.tones.tolist()}
        curves["flow_time"] = Curve(tones_axis, flow.numpy())
        return Outcome({**outcome.scalars, **scalars}, {**outcome.curves, **curves})


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
