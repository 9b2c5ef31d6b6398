r"""Rates by role, and Muon for the matrices of a network.

A coordinate network names its parameters by what they do: ``matrices`` between hidden layers,
``first`` and ``head`` weights, ``biases``, ``gates``, ``frequencies``. Muon replaces the momentum
of a matrix by the nearest semi-orthogonal matrix, so that all its directions learn at one rate;
what is no such matrix is left to Adam.

References:
    Jordan et al., *Muon: an optimizer for hidden layers in neural networks* (2024)

    McGinnis et al., *Optimizing rank for high-fidelity implicit neural representations* (2025),
    https://arxiv.org/abs/2512.14366
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.optim import Adam, Muon, Optimizer

__all__ = ["GroupAdam", "MuonAdam"]

MATRICES = "matrices"


def rates(params: Iterable[Any], lr: float, factors: Mapping[str, float]) -> list[dict[str, Any]]:
    """Groups whose rate is lr times the factor of their role.

    Raises:
        ValueError: If the parameters come without roles, or a factor is for none of them.
    """
    groups = [dict(group) if isinstance(group, Mapping) else {} for group in params]
    names = [str(group.get("name", "")) for group in groups]
    if "" in names:
        raise ValueError("this optimiser needs parameters grouped by role, as INR gives them")
    if unknown := set(factors) - set(names):
        raise ValueError(
            f"the network has no {', '.join(sorted(unknown))}; its roles are {', '.join(names)}: "
            "leave others out of factors (matrices and frequencies begin in a second hidden layer)"
        )
    return [group | {"lr": lr * factors.get(group["name"], 1.0)} for group in groups]


class GroupAdam(Adam):
    """Adam with a rate for each role.

    Args:
        params: Groups of parameters with ``name``.
        lr: Rate.
        factors: Factors of the rate by role, 1 where none is given.
        betas: Decay of the moments.

    Raises:
        ValueError: If the parameters come without roles, or a factor is for none of them.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        factors: dict[str, float] | None = None,
        betas: tuple[float, float] = (0.9, 0.999),
    ) -> None:
        super().__init__(rates(params, lr, factors or {}), lr=lr, betas=betas)


class MuonAdam(Optimizer):
    """Muon for the ``matrices``, Adam for the rest.

    Args:
        params: Groups of parameters with ``name``.
        lr: Rate of Adam.
        matrix_lr: Rate of Muon.
        factors: Factors of Adam's rate by role, 1 where none is given.
        betas: Decay of Adam's moments; the second is shorter than Adam's own 0.999, which is
            longer than many a fit.
        momentum: Momentum of Muon.

    Raises:
        ValueError: If the parameters come without roles, a factor is for none of them, or there
            are not matrices.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        matrix_lr: float = 1e-2,
        factors: dict[str, float] | None = None,
        betas: tuple[float, float] = (0.9, 0.95),
        momentum: float = 0.95,
    ) -> None:
        groups = rates(params, lr, factors or {})
        matrices = [group | {"lr": matrix_lr} for group in groups if group["name"] == MATRICES]
        others = [group for group in groups if group["name"] != MATRICES]
        if not matrices or not others:
            raise ValueError("Muon trains matrices between hidden layers: set depth to 2 or more")
        super().__init__([{"params": group["params"]} for group in groups], {})
        self.optimizers: tuple[Optimizer, ...] = (
            Muon(matrices, lr=matrix_lr, momentum=momentum, weight_decay=0.0),
            Adam(others, lr=lr, betas=betas),
        )
        self._expose()

    def _expose(self) -> None:  # schedules and monitors of the rate read it
        self.param_groups = [group for each in self.optimizers for group in each.param_groups]

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Tensor | None:  # type: ignore[override]
        """Take one step of both."""
        loss: Tensor | None = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for optimizer in self.optimizers:
            optimizer.step()
        return loss

    def state_dict(self) -> dict[str, Any]:
        """The state of both."""
        return {"optimizers": [optimizer.state_dict() for optimizer in self.optimizers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        for optimizer, state in zip(self.optimizers, state_dict["optimizers"], strict=True):
            optimizer.load_state_dict(state)
        self._expose()
