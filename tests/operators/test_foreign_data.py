"""An operator with a plain Trainer, bare loaders and data modules of others."""

import pytest
import torch
from lightning.pytorch import LightningDataModule, Trainer
from lightning.pytorch.loggers import CSVLogger
from torch import nn
from torch.utils.data import DataLoader

from sgn_sciml.metrics import relative_l2
from sgn_sciml.networks import OperatorNetwork
from sgn_sciml.operators import Operator, OperatorFigures, OperatorPairs, PerChannel
from sgn_sciml.operators.table import operator_rows
from sgn_sciml.runs import Card
from sgn_sciml.runs.results import read_card


class Scale(OperatorNetwork):
    def __init__(self):
        super().__init__(1, 1, 1)
        self.factor = nn.Parameter(torch.tensor(1.5))

    def forward(self, x):
        return self.factor * x


A = torch.randn(12, 1, 16, generator=torch.Generator().manual_seed(0))
BATCHES = [{"input": a, "target": 3 * a + 5} for a in A.split(4)]


def loader():
    return DataLoader(BATCHES, batch_size=None)


class Others(LightningDataModule):
    """A data module that knows nothing of ours."""

    def train_dataloader(self):
        return loader()

    val_dataloader = test_dataloader = predict_dataloader = train_dataloader


class Scaled(Others):
    """One that tells how its fields are scaled."""

    def __init__(self):
        super().__init__()
        self.scaling = {"input": PerChannel(), "target": PerChannel()}
        for name, scaling in self.scaling.items():
            scaling.fit([batch[name] for batch in BATCHES], 1)

    @property
    def description(self):
        return OperatorPairs({"x": 16}, ("a",), ("u",), self.scaling)


def plain(tmp_path, **options):
    options = {"max_steps": 3, "log_every_n_steps": 1, "enable_progress_bar": False} | options
    return Trainer(
        default_root_dir=tmp_path, accelerator="cpu", enable_model_summary=False, **options
    )


pytestmark = [
    pytest.mark.filterwarnings("ignore:.*does not have many workers.*"),
]


def test_bare_loaders_will_do(tmp_path):
    model, trainer = Operator(Scale()), plain(tmp_path)
    trainer.fit(model, loader(), loader())
    found = trainer.test(model, loader(), verbose=False)[0]
    errors = [relative_l2(model(b["input"]), b["target"]) for b in BATCHES]
    assert found["test/relative_l2"] == pytest.approx(torch.cat(errors).mean().item(), rel=1e-5)
    both = trainer.test(model, [loader(), loader()], verbose=False)[1]
    assert any(name.startswith("test/set 1/relative_l2") for name in both)


def test_a_data_module_of_others_will_do(tmp_path):
    model = Operator(Scale())
    options = {"callbacks": [Card(), OperatorFigures()], "logger": CSVLogger(tmp_path, "run")}
    trainer = plain(tmp_path, **options)
    trainer.fit(model, Others())
    trainer.test(model, Others(), verbose=False)
    predicted = trainer.predict(model, Others())
    torch.testing.assert_close(predicted[0]["prediction"], model(A[:4]).detach())
    card = read_card(tmp_path / "run" / "version_0")
    assert card["data"] == {"module": "Others"}
    assert dict(operator_rows(card))["relative L2"].startswith(
        f"{card['test']['test/relative_l2']:.2e}"
    )


def test_one_that_describes_its_scaling_is_scaled(tmp_path):
    model, data = Operator(Scale()), Scaled()
    plain(tmp_path, max_steps=1).fit(model, data)
    batch = BATCHES[0]
    expected = data.scaling["target"].inverse(model(data.scaling["input"](batch["input"])))
    torch.testing.assert_close(model.predict(batch), expected)
    assert (model.predict(batch) - batch["target"]).abs().max() < 0.6 * batch["target"].abs().max()
