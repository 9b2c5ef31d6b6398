r"""The error per band of wavenumbers while something trains, and when each band is learned.

Shells of one wave (:mod:`sgn_sciml.metrics.spectral`) are joined to bands B of half an octave,
which begin at 0, 1, 2, 3, 4, 6, 8, 12, 16, ... waves. With the energies E of error and target per
shell, of target energy :math:`E = \sum_n E_n` in all,

.. math::
    r_B = \sqrt{\sum_{n \in B} E_n[e] \Big/ \sum_{n \in B} E_n[f]}, \qquad
    s_B = \sqrt{\sum_{n \in B} E_n[e] \Big/ E[f]}

:math:`r_B`, ``band_error``, says what is learned: 0 is perfect, 1 is what a zero prediction
scores. The squares of :math:`s_B`, ``spectral_error``, add up to that of the relative L2 error,
and say where the error lies, also in bands that the target leaves empty. A band counts as learned
at the first step that is looked at with :math:`r_B < 0.3`, nine tenths of its energy.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from sgn_sciml.studies.engine.cell import Curve

__all__ = ["BandLog", "band_starts", "joined"]

LEARNED = 0.3  # relative error of a band
NAMED = {"low": 0, "mid": 4, "high": 12}  # first shells, those of metrics.SpectralError
EMPTY = 1e-12  # of the energy: the rounding of float32


def band_starts(last: int) -> list[int]:
    """First wavenumbers of bands of half an octave.

    Args:
        last: Last shell; no band begins after it.

    Example:
        >>> band_starts(20)
        [0, 1, 2, 3, 4, 6, 8, 12, 16]
    """
    halves = (k for n in range(last.bit_length()) for k in (2**n, 3 * 2**n // 2))
    return sorted({0, *(k for k in halves if k <= last)})


def joined(shells: Tensor, starts: Sequence[int]) -> Tensor:
    """Energy per band: shape ``(..., shells) -> (..., bands)``; the last takes all the rest.

    Example:
        >>> joined(torch.tensor([1.0, 2.0, 3.0, 4.0]), [0, 1])
        tensor([1., 9.])
    """
    ends = [*starts[1:], shells.shape[-1]]
    parts = [shells[..., a:b].sum(-1) for a, b in zip(starts, ends, strict=True)]
    return torch.stack(parts, -1)


class BandLog:
    """What is known of the bands of M members while they train, on the device of training.

    Args:
        target: Energy of the targets per shell, shape ``(M, shells)``.
        stage: Prefix of the numbers at the end.
    """

    def __init__(self, target: Tensor, stage: str) -> None:
        self.starts = band_starts(target.shape[-1] - 1)
        self.target = target
        self.stage = stage
        self.bands = self.filled(joined(target, self.starts))
        self.first_step = torch.full_like(self.bands, torch.nan)
        self.steps: list[int] = []
        self.history: list[Tensor] = []

    def filled(self, energy: Tensor) -> Tensor:
        """Energies of parts of the target, an empty part counted as rounding."""
        return torch.maximum(energy, EMPTY * self.target.sum(-1, keepdim=True))

    def look(self, step: int, error: Tensor, keep: bool = True) -> None:
        """Note the members' errors at a step.

        Args:
            step: The step.
            error: Energy of the errors per shell, shape ``(M, shells)``.
            keep: Whether to keep them in the curves.
        """
        self.error = error
        energy = joined(error, self.starts)
        learned = (energy / self.bands).sqrt() < LEARNED
        self.first_step[learned & self.first_step.isnan()] = float(step)
        if keep:
            self.steps.append(step)
            self.history.append(energy)

    def curves(self, member: int) -> dict[str, Curve]:
        """The curves of a member."""
        energy = torch.stack([each[member] for each in self.history])
        axes = {"step": self.steps, "wavenumber": self.starts}
        relative = (energy / self.bands[member]).sqrt()
        share = (energy / self.target[member].sum()).sqrt()
        first_step = self.first_step[member].double().numpy(force=True)
        return {
            "band_error": Curve(axes, relative.double().numpy(force=True)),
            "spectral_error": Curve(axes, share.double().numpy(force=True)),
            "time_to_learn": Curve({"frequency": self.starts}, first_step),
        }

    def scalars(self, member: int) -> dict[str, float]:
        """Errors of a member at the last step: in three bands and in all."""
        starts = [k for k in NAMED.values() if k < self.target.shape[-1]]
        error, target = (joined(each, starts) for each in (self.error, self.target))
        relative = (error / self.filled(target)).sqrt()[member].tolist()
        whole = (self.error[member].sum() / self.target[member].sum()).sqrt()
        found = {f"{self.stage}/relative_l2": float(whole)}
        for band, value in zip(NAMED, relative, strict=False):
            found[f"{self.stage}/spectral_error/{band}_relative"] = value
        return found
