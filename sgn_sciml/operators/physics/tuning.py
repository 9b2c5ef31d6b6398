"""Training that goes on for a single instance at test time, by the law alone."""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from sgn_sciml.metrics import relative_l2

__all__ = ["InstanceTuning"]


@dataclass(frozen=True)
class InstanceTuning:
    """Steps of Adam on the residual of one instance, from the trained weights.

    Args:
        steps: Number of steps.
        lr: Learning rate.
        anchor: Weight of the distance from what the network predicted before the first step.

    Raises:
        ValueError: If there are no steps.
    """

    steps: int = 50
    lr: float = 1e-3
    anchor: float = 0.0

    def __post_init__(self) -> None:
        if self.steps < 1 or self.lr <= 0:
            raise ValueError(f"steps and lr must be positive, got {self.steps} and {self.lr}")

    def __call__(
        self, network: nn.Module, predict: Callable[[], Tensor], loss: Callable[[Tensor], Tensor]
    ) -> Tensor:
        """The prediction after the last step; the network is left as it was.

        Args:
            network: Whose weights move meanwhile.
            predict: The prediction of the instance with the present weights.
            loss: Its loss, a number.
        """
        before = copy.deepcopy(network.state_dict())
        trains = [p for p in network.parameters() if p.requires_grad]
        with torch.inference_mode(False), torch.enable_grad():
            optimizer = torch.optim.Adam(trains, self.lr)
            anchor = predict().detach()
            for _ in range(self.steps):
                optimizer.zero_grad()
                u = predict()
                total = loss(u)
                if self.anchor:
                    total = total + self.anchor * relative_l2(u, anchor).mean()
                total.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
            optimizer.zero_grad()
        with torch.no_grad():
            found = predict()
        network.load_state_dict(before)
        return found
