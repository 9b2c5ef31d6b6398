"""Metrics do not depend on units, and are what an independent float64 computation gives."""

import numpy as np
import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from scipy.fft import dctn

from sgn_sciml.metrics import (
    SISNR,
    SNR,
    VRMSE,
    BurgersDefect,
    ConformalBand,
    DarcyResidual,
    PDEBenchErrors,
    RelativeH1,
    RelativeL2,
    SampleErrors,
    SpectralError,
    relative_h1,
    relative_l2,
)
from tests.metrics.test_contract import METRICS, fields, value

UNITS = (5e19, 1e-23, 1e30, 1e-30)
WITH_UNITS = {"max", "spectral", "spectral_hann", "pdebench"}  # some or all of their values


class Darcy(DarcyResidual):
    def update(self, pred, target):
        super().update(pred[:, :1], target[:, :1], target[:, -1:].abs())


class Burgers(BurgersDefect):
    def update(self, pred, target):
        super().update(pred, target, target[:, :1].abs())


IN_UNITS = {  # the constants of equations have units as well
    "darcy": lambda unit: Darcy(forcing=unit**2),
    "burgers": lambda unit: Burgers(0.1, dt=0.1, speed=1 / unit),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", METRICS)
def test_a_unit_changes_nothing(name, dtype):
    def measured(unit):
        metric = IN_UNITS[name](unit) if name in IN_UNITS else METRICS[name]()
        if isinstance(metric, ConformalBand):
            metric.forget()
            metric.calibrate(*(fields(7, dtype) * unit))
        metric.update(*(fields(11, dtype) * unit))
        return value(metric)

    right = measured(1.0)
    for unit in UNITS:
        found = measured(unit)
        if name in WITH_UNITS:
            same = torch.isclose(found, right, rtol=1e-6, atol=0)
            found = torch.where(same, found, found / unit)
        torch.testing.assert_close(found, right, rtol=1e-6, atol=0)


def test_samples_fall_into_the_same_halves_in_every_unit():
    def measured(unit):
        metric = ConformalBand(level=0.5, split=True)
        for k in (9, 8):
            metric.update(*(fields(k) * unit))
        return value(metric)

    for unit in UNITS:
        torch.testing.assert_close(measured(unit), measured(1.0), rtol=1e-6, atol=0)


# -- independent computations in float64 -----------------------------------------------------


def by_numpy(u, v):
    """Relative errors, errors per spread and signal-to-noise ratios of arrays (n, c, x, y)."""
    e, n = u - v, len(v)

    def norm(w):
        return np.sqrt((w.reshape(n, -1) ** 2).sum(1))

    def gradient(w):
        x = np.gradient(w, 1 / (w.shape[2] - 1), axis=2, edge_order=2)
        y = (np.roll(w, -1, 3) - np.roll(w, 1, 3)) * w.shape[3] / 2
        return np.stack([w, x, y], 1)

    spread = v.std((2, 3))
    flat, about = (w.reshape(n, -1) for w in (u, v))
    flat, about = (w - w.mean(1, keepdims=True) for w in (flat, about))
    part = (flat * about).sum(1, keepdims=True) / (about**2).sum(1, keepdims=True) * about
    energy = dctn(e, axes=(2, 3), norm="ortho") ** 2 / e[0].size
    k = np.hypot(np.arange(e.shape[2])[:, None] / 2, np.arange(e.shape[3]) / 2)
    shells = np.floor(k + 0.5).clip(max=4)
    return {
        "l2": np.sqrt((e**2).sum() / (v**2).sum()),
        "l2_max": (norm(e) / norm(v)).max(),
        "h1": (norm(gradient(e)) / norm(gradient(v))).mean(),
        "vrmse": (np.sqrt((e**2).mean((2, 3))) / spread).mean(),
        "nrmse": np.sqrt((e**2).mean((2, 3)) / (v**2).mean((2, 3))).mean(),
        "crmse": np.sqrt((e.mean((2, 3)) ** 2).mean(0)).mean(),
        "snr": 20 * np.log10(norm(v) / norm(e)).mean(),
        "si_snr": 20 * np.log10(norm(part) / norm(flat - part)).mean(),
        "first_shell": np.sqrt((energy * (shells == 1)).sum() / n),
    }


def by_package(u, v, batch):
    metrics = {
        "l2": RelativeL2(),
        "samples": SampleErrors(),
        "h1": RelativeH1((False, True), per_sample=True),
        "vrmse": VRMSE(),
        "pdebench": PDEBenchErrors(),
        "snr": SNR(),
        "si_snr": SISNR(),
        "spectral": SpectralError(bands={"mean": 0, "first": 1, "rest": 2}, max_wavenumber=4),
    }
    for metric in metrics.values():
        for pair in zip(u.split(batch), v.split(batch), strict=True):
            metric.update(*pair)
    found = {name: metric.compute() for name, metric in metrics.items()}
    found["l2_max"] = found.pop("samples")["relative_l2/max"]
    found |= {key: found["pdebench"][f"pdebench/{key}"] for key in ("nrmse", "crmse")}
    found["first_shell"] = found["spectral"]["spectral_error/first"]
    return found


@given(
    shape=st.tuples(*(st.integers(1, 4), st.integers(1, 3), st.integers(3, 9), st.integers(3, 9))),
    power=st.floats(-30, 30),
    offset=st.sampled_from([0.0, 1.0, -1e3]),
    error=st.sampled_from([1e-3, 0.1, 10.0]),
    batch=st.integers(1, 4),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    seed=st.integers(0, 2**20),
)
@settings(max_examples=40, deadline=None, derandomize=True, database=None, phases=[Phase.generate])
def test_metrics_are_those_of_numpy(shape, power, offset, error, batch, dtype, seed):
    offset *= 1000 if dtype == torch.float64 else 1  # beyond, float32 holds no field
    v, e = torch.randn(2, *shape, generator=torch.Generator().manual_seed(seed)).double()
    u, v = (((w + offset) * 10**power).to(dtype) for w in (v + error * e, v))
    with np.errstate(all="ignore"):
        right = by_numpy(u.double().numpy(), v.double().numpy())
    found = by_package(u, v, batch)
    for key, number in right.items():
        assert float(found[key]) == pytest.approx(number, rel=1e-6), key


# -- losses ----------------------------------------------------------------------------------


@pytest.mark.parametrize("measure", [relative_l2, lambda u, v: relative_h1(u, v, True)])
@pytest.mark.parametrize("unit", [1.0, *UNITS])
def test_slopes_are_finite_in_every_unit_and_zero_without_error(measure, unit):
    pred, target = fields(3) * unit
    pred[0] = target[0]
    pred.requires_grad_()
    measure(pred, target).sum().backward()
    assert (pred.grad[0] == 0).all()
    assert pred.grad.isfinite().all()
    assert (pred.grad[1:] * unit).abs().mean() > 1e-3
