r"""Standard errors of unknown constants, from one trained network.

What trains minimises squares of residuals and of misfits to observations, rows of one Jacobian A
with respect to the weights and the constants :math:`\theta` together. Near the minimum noise
:math:`\varepsilon` of the observations moves all of them by

.. math::
    \delta\theta = A^+ \begin{pmatrix} 0 \\ \sqrt{b}\, \varepsilon \end{pmatrix}, \qquad
    \mathrm{Cov}(\delta\theta) = A^+_d\, \mathrm{diag}(b \sigma^2)\, A_d^{+T}

with the columns :math:`A^+_d` of the observations and their weight b. So the residual counts as it
did in training, neither as an exact constraint nor as data with noise of its own, and what the
weights of the network take up of the noise is a part of the answer. The variance of the noise, one
number for each field, follows from the misfits e that are left:

.. math::
    e = (1 - H)\, \varepsilon, \quad H = U_d U_d^T, \qquad
    \mathrm{E}\,|e_f|^2 = \sum_g \lVert (1 - H)_{fg} \rVert^2\, \sigma_g^2

with U of the singular value decomposition of A. The deviation is that of the noise alone: what a
network does not represent, a residual that is not zero, and a minimum that was not reached add
errors that it does not know. It is too small where the network fits the noise: 95 % intervals held
the truth 37 times of 40 where the trace of H was 4 % of the observations, 40 of 40 with 11 %, and
31 of 40 with 30 % (benchmarks/standard_errors).

References:
    Seber and Wild, *Nonlinear Regression* (1989), chapters 2 and 5: linearised least squares
"""

import logging
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from sgn_sciml.pinn.loss_terms import LossTerms
from sgn_sciml.pinn.unknowns import Unknowns

__all__ = ["errors_of_constants", "standard_errors"]

logger = logging.getLogger(__name__)

LARGEST = 20_000_000  # numbers of a Jacobian that is decomposed: some ten seconds
MOST_TAKEN = 0.2  # share of the observations that a fit may take up: benchmarks/standard_errors


def standard_errors(
    slopes: Tensor, misfit: Tensor, fields: Tensor, chosen: Tensor
) -> tuple[Tensor, float] | None:
    """Standard errors of some parameters of a least-squares fit.

    Args:
        slopes: Derivatives of all rows, those of the observations last, shape ``(P, M)``.
        misfit: The rows of the observations, shape ``(n,)``.
        fields: The field that each observes, whole numbers ``(n,)``; negative where there is no
            observation.
        chosen: Numbers of the parameters, shape ``(k,)``.

    Returns:
        Standard errors ``(k,)``, and the share of the observations that the fit takes up (the
        trace of H over their number); None where there are too few observations to tell the noise.
    """
    a, e = slopes.T.double(), misfit.double()
    tiny = 10 * max(a.shape) * torch.finfo(slopes.dtype).eps
    u, s, v = torch.linalg.svd(a, full_matrices=False)
    kept = s > tiny * s[0]
    u, s, v = u[-len(e) :, kept], s[kept], v[kept]
    there = fields >= 0
    u, e, fields = u[there], e[there], fields[there]
    if not len(e):
        return None
    names = torch.tensor(sorted(set(fields.tolist())), device=fields.device)
    left = torch.eye(len(e), dtype=e.dtype, device=e.device) - u @ u.T
    shares = torch.stack(
        [
            torch.stack([left[fields == f][:, fields == g].square().sum() for g in names])
            for f in names
        ]
    )
    squares = torch.stack([e[fields == f].square().sum() for f in names])
    if bool((shares.diagonal() < 1).any()):
        return None
    noise = torch.linalg.solve(shares, squares)
    if bool((noise < 0).any()):  # of fields that tell too little of each other
        noise = (squares.sum() / shares.sum()).expand(len(names))
    weights = (v[:, chosen].T / s) @ u.T  # of each observation
    each = sum(noise[k] * weights[:, fields == f].square().sum(1) for k, f in enumerate(names))
    assert isinstance(each, Tensor)
    return each.sqrt(), float(u.square().sum()) / len(e)


def errors_of_constants(
    unknown: Unknowns,
    terms: LossTerms,
    weights: Sequence[Tensor | float],
    parameters: Sequence[Tensor],
    batch: Mapping[str, Tensor],
) -> dict[str, Tensor]:
    """Standard errors of unknown constants by name; see :meth:`PINN.standard_errors`.

    Args:
        unknown: The constants.
        terms: What training makes small.
        weights: Weight of each term.
        parameters: What trains.
        batch: A training batch with observations.
    """
    places, count = {}, 0
    for p in parameters:
        places[id(p)] = count
        count += p.numel()
    names = [name for name, p in unknown.trained.items() if id(p) in places]
    if not names or count * sum(len(batch[name]) for name in terms.names) > LARGEST:
        return {}
    rows, slopes = terms.stacked(batch, weights, parameters)
    assert slopes is not None
    values = batch["values"]
    of = torch.arange(values.shape[1], device=values.device).expand_as(values)
    of = torch.where(values.isnan(), -1, of).T.flatten()
    chosen = torch.tensor([places[id(unknown.trained[name])] for name in names])
    found = standard_errors(slopes, rows[-len(of) :], of, chosen.to(values.device))
    if found is None:
        return {}
    errors, share = found
    if share > MOST_TAKEN:
        logger.warning(
            "the fit takes up %.0f %% of the observations: it follows their noise, and the "
            "standard errors may be too small. Lower model.init_args.data_weight",
            100 * share,
        )
    moved = unknown.slopes()
    pairs = zip(names, errors.unbind(), strict=True)
    return {name: moved[name].detach() * error for name, error in pairs}
