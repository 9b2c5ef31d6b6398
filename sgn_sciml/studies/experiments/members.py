r"""Several networks of one architecture trained as one: seeds and rates share every operation.

The parameters of M networks are stacked, :math:`\theta \in \mathbb{R}^{M \times \dots}`, and the
loss is the sum of theirs, so that the gradient of each is its own. Adam acts elementwise: with a
rate per member,

.. math::
    \theta_m \leftarrow \theta_m - \eta_m \frac{\hat m}{\sqrt{\hat v} + \epsilon},

each member's training is what it would be alone, up to the order of sums. Small networks spend
most of a step on calling operations, not on carrying them out: 15 networks of 3,400 parameters on
256 points cost 5 to 8 times the step of one.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

__all__ = ["Adam", "Members", "fit"]


class Members:
    """M networks of one architecture, shape ``(points, d) -> (M, points, fields)``.

    Args:
        networks: The networks; a single one is called as it is, whatever it does inside.
        randomness: What random layers do among members, as in ``torch.func.vmap``.
    """

    def __init__(self, networks: Sequence[nn.Module], randomness: str = "different") -> None:
        self.first = networks[0]
        self.count = len(networks)
        self.randomness = randomness
        if self.count == 1:
            self.parameters = [p for p in self.first.parameters() if p.requires_grad]
        else:
            self.state, self.buffers = stack_module_state(list(networks))
            self.parameters = [p for p in self.state.values() if p.requires_grad]

    def __call__(self, x: Tensor) -> Tensor:
        if self.count == 1:
            y: Tensor = self.first(x)
            return y.unsqueeze(0)

        def one(state: dict[str, Tensor], buffers: dict[str, Tensor]) -> Tensor:
            out: Tensor = functional_call(self.first, (state, buffers), (x,))
            return out

        found: Tensor = vmap(one, randomness=self.randomness)(self.state, self.buffers)
        return found

    def tensors(self, member: int) -> dict[str, Tensor]:
        """Parameters and buffers of a member by name, as they are now."""
        if self.count == 1:
            named = dict(self.first.named_parameters()) | dict(self.first.named_buffers())
            return {name: t.detach() for name, t in named.items()}
        return {name: t[member].detach() for name, t in (self.state | self.buffers).items()}


class Adam:
    """Adam with a learning rate per member.

    Args:
        members: What is trained.
        rates: Learning rates, shape ``(M,)``.
        betas: Decay of the two moments.
        eps: Added to the root of the second one.
    """

    def __init__(
        self,
        members: Members,
        rates: Tensor,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        self.parameters = members.parameters
        one = members.count == 1  # whose parameters are not stacked
        self.rates = [
            rates.reshape(() if one else (-1,) + (1,) * (p.ndim - 1)) for p in self.parameters
        ]
        self.betas = betas
        self.eps = eps
        self.means = [torch.zeros_like(p) for p in self.parameters]
        self.squares = [torch.zeros_like(p) for p in self.parameters]
        self.steps = 0

    @torch.no_grad()
    def step(self, gradients: Sequence[Tensor], factor: float = 1.0) -> None:
        """Take a step.

        Args:
            gradients: One per parameter.
            factor: What a schedule makes of all rates.
        """
        self.steps += 1
        a, b = self.betas
        torch._foreach_lerp_(self.means, list(gradients), 1 - a)
        torch._foreach_mul_(self.squares, b)
        torch._foreach_addcmul_(self.squares, list(gradients), list(gradients), 1 - b)
        scale = torch._foreach_div(self.squares, 1 - b**self.steps)
        torch._foreach_sqrt_(scale)
        torch._foreach_add_(scale, self.eps)
        change = torch._foreach_div(self.means, scale)
        torch._foreach_mul_(change, -factor / (1 - a**self.steps))
        for p, move, rate in zip(self.parameters, change, self.rates, strict=True):
            p.addcmul_(move, rate)


def fit(
    members: Members,
    x: Tensor,
    targets: Tensor,
    rates: Tensor,
    steps: int,
    look: Callable[[int, Tensor], None] | None = None,
) -> Tensor:
    """Least squares on all points by Adam, whose rates fall to zero along a line.

    Args:
        members: Networks of one field.
        x: Points, shape ``(points, d)``.
        targets: Values, shape ``(M, points)``.
        rates: Rates of the first step, shape ``(M,)``.
        steps: Number of steps.
        look: Called with the step and the members' values before it, and at the end.

    Returns:
        The members' values at the end, shape ``(M, points)``.
    """
    adam = Adam(members, rates)
    for step in range(steps):
        values = members(x)[..., 0]
        if look is not None:
            look(step, values.detach())
        loss = (values - targets).square().mean(1).sum()
        adam.step(torch.autograd.grad(loss, members.parameters), 1 - step / steps)
    with torch.no_grad():
        values = members(x)[..., 0]
    if look is not None:
        look(steps, values)
    return values
