"""Settings of training that complex weights, those of factorised Fourier layers, cannot take.

torch and packages of optimisers refuse them from deep within a step, or drop imaginary parts.
Dense and Tucker weights are real (:mod:`sgn_sciml.operators.networks.fourier.weights`); their
moments in checkpoints of earlier versions are complex, and :func:`real_moments` converts them.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from sgn_sciml.operators.networks.fourier.weights import RealWeights
from sgn_sciml.optim import OptimizerFactory

__all__ = ["real_moments", "require_complex", "require_precision"]

HALF = ("bf16-true", "16-true")
OTHERWISE = "take a network of real weights, such as FNO without cp or tt factorization"


def require_complex(trainer: Any, factory: OptimizerFactory, parameters: Sequence[Tensor]) -> None:
    """See that a trainer and an optimiser can train the complex ones among some weights.

    Args:
        trainer: The trainer.
        factory: Makes the optimiser; it is tried on a weight of its own.
        parameters: The weights that train.

    Raises:
        ValueError: If there are complex weights and one of them cannot.
    """
    if not any(p.is_complex() for p in parameters):
        return
    if trainer.gradient_clip_val and trainer.gradient_clip_algorithm == "value":
        raise ValueError(
            "trainer.gradient_clip_algorithm value does not work with complex weights, which "
            f"factorised Fourier layers have: set it to norm, or {OTHERWISE}"
        )
    weight = nn.Parameter(torch.ones(2, 2, dtype=torch.complex64))
    weight.grad = torch.ones_like(weight)
    try:
        factory([weight]).step()
    except Exception as error:  # of a package that is not ours
        if refuses_real(factory):
            return  # it needs more than a weight; what it says at its first step is its own
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        name = getattr(factory, "__name__", type(error).__module__.partition(".")[0])
        raise ValueError(
            "this optimizer cannot train complex weights, which factorised Fourier layers have "
            f"({name}: {reason}); take Adam or AdamW of torch, or {OTHERWISE}"
        ) from error


def require_precision(precision: str, module: nn.Module) -> None:
    """See that a precision keeps complex weights; asked before the weights are converted.

    Raises:
        ValueError: If there are complex weights, and it would drop their imaginary parts.
    """
    if precision in HALF and any(p.is_complex() for p in module.parameters()):
        raise ValueError(
            f"trainer.precision {precision} drops the imaginary parts of complex weights, which "
            f"factorised Fourier layers have: take 32-true, or {OTHERWISE}"
        )


def real_moments(
    module: nn.Module, parameters: Sequence[Tensor], states: Iterable[dict[str, Any]]
) -> None:
    """Make an optimiser's moments of complex weights those of the real ones, in place.

    Args:
        module: What holds the weights.
        parameters: The parameters in the order in which the optimiser was given them.
        states: State dicts of optimisers; those of real weights stay as they are.
    """
    owners = {
        id(parameter): (owner, name)
        for owner in module.modules()
        if isinstance(owner, RealWeights)
        for name, parameter in owner.named_parameters(recurse=False)
    }
    for state in states:
        for i, parameter in enumerate(parameters):
            entries = state["state"].get(i, {}) if id(parameter) in owners else {}
            for key, value in entries.items():
                if isinstance(value, Tensor) and value.is_complex():
                    owner, name = owners[id(parameter)]
                    entries[key] = owner.pack(name, value).contiguous()


def refuses_real(factory: OptimizerFactory) -> bool:
    """Whether an optimiser cannot be tried like this at all."""
    weight = nn.Parameter(torch.ones(2, 2))
    weight.grad = torch.ones_like(weight)
    try:
        factory([weight]).step()
    except Exception:  # of a package that is not ours
        return True
    return False
