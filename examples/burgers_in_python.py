"""A PINN with a plain Trainer: Burgers' equation from Python alone."""

import torch
from lightning import Trainer

from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.optim import LevenbergMarquardt
from sgn_sciml.pde import Burgers
from sgn_sciml.pinn import PINN, Collocation

problem = Burgers(nu=0.02)
task = PINN(CoordinateMLP(2, 1, 16, 3, "tanh"), problem, LevenbergMarquardt)
trainer = Trainer(max_steps=20, max_epochs=-1, accelerator="cpu", precision="64-true")
trainer.fit(task, Collocation(problem, num_points=1500, redraw_every=0))

path = trainer.checkpoint_callback.best_model_path
task = PINN.load_from_checkpoint(path, network=CoordinateMLP(2, 1, 16, 3, "tanh"), problem=problem)
points = torch.rand(1000, 2, dtype=torch.float64) * torch.tensor([2.0, 1.0]) - torch.tensor([1, 0])
error = (task(points) - problem.exact(points)).norm() / problem.exact(points).norm()
print(f"relative L2 {error.item():.1e}")
