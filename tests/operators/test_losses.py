"""Losses in every unit, and their slopes where there is no error."""

import pytest
import torch

from sgn_sciml.layouts import write_samples
from sgn_sciml.operators import FnoSplit, Operator, OperatorData, Windows
from sgn_sciml.operators.losses import H1, L2, MSE, Domain, FrameL2, Sobolev
from sgn_sciml.operators.networks import FNO

UNITS = (5e19, 1e-23, 1e30, 1e-30)
LOSSES = [L2(), FrameL2(), H1(), MSE(), Sobolev(), Sobolev(order=1.0)]
DOMAIN = Domain(True)
every_loss = pytest.mark.parametrize("loss", LOSSES, ids=repr)


def fields(dtype=torch.float32):
    return torch.randn(2, 3, 2, 16, generator=torch.Generator().manual_seed(0)).to(dtype)


@every_loss
@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_unit_changes_nothing_but_that_of_the_loss(loss, unit, dtype):
    pred, target = fields(dtype)
    pred.requires_grad_()
    right = loss(pred, target, DOMAIN)
    (slope,) = torch.autograd.grad(right, pred)
    found = loss(pred * unit, target * unit, DOMAIN) / unit**loss.degree
    torch.testing.assert_close(found.double(), right.double(), rtol=1e-6, atol=0)
    (scaled,) = torch.autograd.grad(found, pred)
    torch.testing.assert_close(scaled, slope, rtol=1e-4, atol=1e-6)


@every_loss
@pytest.mark.parametrize("offset", [0.0, 101325.0])
def test_no_error_asks_for_nothing(loss, offset):
    target = fields()[0] + offset
    pred = target.clone().requires_grad_()
    found = loss(pred, target, DOMAIN)
    found.backward()
    assert found == 0
    assert (pred.grad == 0).all()


@every_loss
def test_a_zero_target_has_a_finite_loss_and_slope(loss):
    pred = fields()[0].requires_grad_()
    found = loss(pred, torch.zeros_like(pred), DOMAIN)
    found.backward()
    assert found.isfinite()
    assert found > 0
    assert pred.grad.isfinite().all()


def test_negative_sobolev_norm_of_waves():
    x = torch.arange(64, dtype=torch.float64) / 64
    wave = [torch.sin(2 * torch.pi * k * x)[None, None] for k in (1, 3)]
    found = Sobolev(order=-1.0)(wave[0] + 0.1 * wave[1], wave[0], DOMAIN)
    assert found.item() == pytest.approx(0.1 * (2 / 10) ** 0.5)


def trained(trainer, path, unit, offset, loss):
    """Scaled predictions of a short run on waves in a unit, beside an offset."""
    x, start = torch.arange(16, dtype=torch.float64) / 16, torch.randn(12, 1, 1).double()
    u = start * torch.sin(2 * torch.pi * (x + torch.arange(4)[:, None] / 8))
    u = unit * (u + offset)
    axes = {"t": torch.arange(4.0).numpy(), "x": x.numpy()}
    about = {"attrs": {"law": "own", "seed": 0}, "groups": {"parameters": {}}, "dtype": "float64"}
    write_samples(path, axes, {"u": ("t", "x")}, [{"u": u.numpy()}], 12, **about)
    torch.manual_seed(0)
    task = Operator(FNO(modes=(4,), width=4, depth=1, in_channels=1, out_channels=1), loss=loss)
    data = OperatorData(str(path), Windows("u", history=1), FnoSplit(8, 2, 2), batch_size=4)
    made = trainer(max_steps=6, val_check_interval=2)
    made.fit(task, data)
    batch = next(iter(data.val_dataloader()))
    with torch.no_grad():
        y = task.predict(batch)
    return (y - data.normalizers["target"].mean) / data.normalizers["target"].std, made


@pytest.mark.parametrize("loss", [FrameL2(), MSE()], ids=repr)
@pytest.mark.parametrize(("unit", "offset"), [(1e-25, 0.0), (1e25, 0.0), (0.1, 1e6)])
def test_training_is_the_same_in_every_unit(trainer, tmp_path, loss, unit, offset):
    """A relative loss feels an offset, a mean square does not."""
    if offset and loss.degree == 0:
        pytest.skip("relative to the offset")
    torch.manual_seed(1)
    right, first = trained(trainer, tmp_path / "first.h5", 1.0, 0.0, loss)
    torch.manual_seed(1)
    found, second = trained(trainer, tmp_path / "second.h5", unit, offset, loss)
    torch.testing.assert_close(found, right, rtol=1e-4, atol=1e-4)
    scores = [each.callback_metrics["val/loss"].double() for each in (first, second)]
    torch.testing.assert_close(scores[1] / unit**loss.degree, scores[0], rtol=1e-4, atol=0)


def test_a_network_sees_digits_beside_a_large_mean(tmp_path):
    """0.1 Pa around 101,325 Pa in a float64 file; float32 has steps of 0.008 Pa there."""
    wave = torch.randn(12, 6, 32, dtype=torch.float64)
    axes = {"t": torch.arange(6.0).numpy(), "x": torch.arange(32.0).numpy()}
    values = [{"u": (101325 + 0.1 * wave).numpy()}]
    about = {"attrs": {"law": "own", "seed": 0}, "groups": {"parameters": {}}, "dtype": "float64"}
    path = write_samples(tmp_path / "p.h5", axes, {"u": ("t", "x")}, values, 12, **about)
    data = OperatorData(str(path), Windows("u", history=1), FnoSplit(8, 2, 2))
    data.setup("test")
    batch = next(iter(data.test_dataloader()[0]))
    task = Operator(FNO(modes=(4,), width=4, depth=1))
    task.description = data.description
    seen = task.scaled(batch["input"])
    assert seen.dtype == torch.float32
    right = (wave[10:, :1] - wave[:8].mean()) / wave[:8].std(correction=0)
    torch.testing.assert_close(seen[:, :, 0].double(), right, rtol=0, atol=1e-6)
    back = task.physical(task.scaled(batch["target"]).double())
    torch.testing.assert_close(back, batch["target"], rtol=0, atol=1e-7)
