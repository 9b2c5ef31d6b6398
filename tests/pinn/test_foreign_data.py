"""A PINN with a plain Trainer, bare loaders and data modules of others."""

import pytest
import torch
from lightning.pytorch import LightningDataModule, Trainer
from torch.utils.data import DataLoader

from sgn_sciml.callbacks import GateEvolution, SpectralErrorMap
from sgn_sciml.layers import SpectralGate
from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.pde import Burgers
from sgn_sciml.pinn import PINN
from sgn_sciml.runs import Card
from sgn_sciml.runs.results import read_card

X, T = torch.linspace(-1, 1, 9), torch.linspace(0, 1, 4)
POINTS = torch.stack(torch.meshgrid(X, T, indexing="ij"), -1).movedim(1, 0)  # (4, 9, 2)
FRAMES = {"points": POINTS, "fields": -torch.sin(torch.pi * POINTS[..., 0])[:, None]}
HELD_OUT = {"residual": 2 * torch.rand(40, 2, generator=torch.Generator().manual_seed(1)) - 1}


pytestmark = pytest.mark.filterwarnings("ignore:.*does not have many workers.*")


def loader(*batches):
    return DataLoader(list(batches), batch_size=None)


class Others(LightningDataModule):
    """A data module that knows nothing of ours."""

    def __init__(self, size=3):
        super().__init__()
        self.size = size

    def train_dataloader(self):
        return loader(*[HELD_OUT] * self.size)

    def val_dataloader(self):
        return loader(HELD_OUT, FRAMES)

    test_dataloader = val_dataloader

    def predict_dataloader(self):
        return loader(FRAMES)


def task():
    network = CoordinateMLP(2, 1, width=8, depth=2, activation=SpectralGate)
    return PINN(network, Burgers())


def plain(tmp_path, **options):
    """Lightning's own Trainer, which evaluates in inference mode."""
    options = {"max_steps": 3, "log_every_n_steps": 1, "enable_progress_bar": False} | options
    return Trainer(
        default_root_dir=tmp_path, accelerator="cpu", enable_model_summary=False, **options
    )


def test_bare_loaders_will_do(tmp_path):
    model, trainer = task(), plain(tmp_path, num_sanity_val_steps=0)
    trainer.fit(model, loader(*[HELD_OUT] * 3), loader(HELD_OUT, FRAMES))
    found = trainer.validate(model, loader(HELD_OUT, FRAMES), verbose=False)[0]
    with torch.no_grad():
        error = model.frames(POINTS) - FRAMES["fields"]
    relative = error.norm() / FRAMES["fields"].norm()
    assert found["val/relative_l2"] == pytest.approx(relative.item(), rel=1e-5)
    residual = model.residual(HELD_OUT["residual"]).square().sum(0).mean()
    assert found["val/loss"] == pytest.approx(residual.item(), rel=1e-5)


def test_a_data_module_of_others_will_do(tmp_path):
    from lightning.pytorch.loggers import CSVLogger

    callbacks = [GateEvolution(), SpectralErrorMap(), Card(seed=0)]
    model = task()
    trainer = plain(tmp_path, callbacks=callbacks, logger=CSVLogger(tmp_path, "run"))
    trainer.fit(model, Others())
    trainer.test(model, Others(), verbose=False)
    (frames,) = trainer.predict(model, Others())
    assert frames["fields"].shape == (4, 1, 9)
    assert frames["residual"].shape == (4, 9)
    card = read_card(tmp_path / "run" / "version_0")
    assert card["data"] == {"module": "Others", "size": 3}
    assert card["test"]["test/relative_l2"] > 0
    assert model.description is None
