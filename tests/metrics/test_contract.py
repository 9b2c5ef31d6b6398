"""What holds for every metric of the room."""

import copy
import pickle

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torchmetrics import MetricCollection

from sgn_sciml.metrics import (
    SISNR,
    SNR,
    VRMSE,
    BandError,
    BurgersDefect,
    ConformalBand,
    Conservation,
    DarcyResidual,
    LogSpectralDistance,
    MaxError,
    PDEBenchErrors,
    RelativeH1,
    RelativeL2,
    RingCorrelation,
    SampleErrors,
    SpectralError,
)


class Darcy(DarcyResidual):
    """Of the first field, in a medium that is the last field of the target."""

    def update(self, pred, target):
        super().update(pred[:, :1], target[:, :1], target[:, -1:].abs())


class Burgers(BurgersDefect):
    """Of rollouts with two frames."""

    def update(self, pred, target):
        super().update(pred, target, target[:, :1].abs())


class Mean(Conservation):
    def update(self, pred, target):
        super().update(pred, target, target.abs())


def fields(samples, dtype=torch.float32):
    generator = torch.Generator().manual_seed(samples)
    return torch.randn(2, samples, 2, 8, 7, generator=generator).to(dtype)


def band():
    metric = ConformalBand(level=0.5)
    metric.calibrate(*fields(7))
    return metric


METRICS = {
    "l2": RelativeL2,
    "l2_per_sample": lambda: RelativeL2(per_sample=True),
    "max": MaxError,
    "h1": lambda: RelativeH1((True, False), length=(0.1, 0.2)),
    "h1_per_sample": lambda: RelativeH1(per_sample=True),
    "spectral": lambda: SpectralError(("periodic", "even"), max_wavenumber=12),
    "spectral_hann": lambda: SpectralError(("hann", None), max_wavenumber=12),
    "samples": SampleErrors,
    "vrmse": VRMSE,
    "pdebench": lambda: PDEBenchErrors(bands={"low": 0, "mid": 1, "high": 2}),
    "conformal": band,
    "darcy": Darcy,
    "burgers": lambda: Burgers(0.1, dt=0.1),
    "conservation": lambda: Mean(axes=2),
    "rings": lambda: RingCorrelation(3),
    "snr": SNR,
    "si_snr": SISNR,
    "log_spectral": lambda: LogSpectralDistance(window=8),
    "octaves": lambda: BandError(8000, window=8, bands=2),
}
every_metric = pytest.mark.parametrize("make", METRICS.values(), ids=METRICS)


def value(metric):
    result = metric.compute()
    return torch.stack(list(result.values())) if isinstance(result, dict) else result


def states(metric):
    """All tensors of a metric's states, of which some are lists."""
    for state in metric.metric_state.values():
        yield from state if isinstance(state, list) else [state]


@every_metric
def test_uneven_batches_give_what_one_batch_gives(make):
    pred, target = fields(11)
    whole, parts = make(), make()
    whole.update(pred, target)
    for p, t in zip(pred.split([4, 6, 1]), target.split([4, 6, 1]), strict=True):
        parts.update(p, t)
    torch.testing.assert_close(value(parts), value(whole), rtol=1e-12, atol=0)


@every_metric
def test_forward_gives_the_batch_and_keeps_the_sum(make):
    metric, batch = make(), make()
    metric.update(*fields(3))
    metric(*fields(2))
    batch.update(*fields(3))
    batch.update(*fields(2))
    torch.testing.assert_close(value(metric), value(batch), rtol=1e-12, atol=0)


@every_metric
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_compared_in_single(make, dtype):
    pred, target = (300 * u for u in fields(3).to(dtype))  # squares overflow float16
    half, single = make(), make()
    half.update(pred, target)
    single.update(pred.float(), target.float())
    assert torch.equal(value(half), value(single))


@every_metric
def test_sums_are_double(make):
    metric = make()
    metric.update(*fields(2))
    assert {s.dtype for s in states(metric)} == {torch.float64}


@every_metric
def test_single_precision_fields_lose_nothing_in_the_sums(make):
    single, double = make(), make()
    single.update(*fields(5))
    double.update(*fields(5).double())
    torch.testing.assert_close(value(single), value(double), rtol=1e-6, atol=0)


@every_metric
def test_pickle_keeps_the_state(make):
    metric = make()
    metric.update(*fields(2))
    assert torch.equal(value(pickle.loads(pickle.dumps(metric))), value(metric))


@every_metric
def test_a_copy_goes_its_own_way(make):
    metric = make()
    metric.update(*fields(2))
    before = value(metric).clone()
    copy.deepcopy(metric).update(*(9 * fields(2)))
    assert torch.equal(value(metric), before)


@every_metric
def test_reset_forgets(make):
    metric, fresh = make(), make()
    metric.update(*fields(3))
    metric.reset()
    metric.update(*fields(2))
    fresh.update(*fields(2))
    assert torch.equal(value(metric), value(fresh))


@every_metric
def test_shapes_that_differ_are_both_named(make):
    with pytest.raises(ValueError, match=r"\(2, 1, 8, 7\) and \(2, 1, 8, 1\)"):
        make().update(torch.zeros(2, 1, 8, 7), torch.zeros(2, 1, 8, 1))


@every_metric
def test_complex_fields_are_refused(make):
    with pytest.raises(ValueError, match="fields are real"):
        make().update(*fields(2).to(torch.complex64))


def test_a_field_needs_a_fields_axis():
    with pytest.raises(ValueError, match=r"\(batch, fields, \*spatial\), got \(4,\)"):
        RelativeL2().update(torch.zeros(4), torch.zeros(4))


# -- device ----------------------------------------------------------------------------------


class Trace(TorchDispatchMode):
    """Records every operation and the devices that copies go to."""

    def __init__(self):
        super().__init__()
        self.operations, self.devices = set(), set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.operations.add(func.overloadpacket)
        self.devices.add((kwargs or {}).get("device"))
        return func(*args, **kwargs or {})


@every_metric
def test_update_never_reads_a_value_back(make):
    metric, (pred, target) = make(), fields(2)
    with Trace() as trace:
        metric.update(pred, target)
    aten = torch.ops.aten
    assert not trace.operations & {aten._local_scalar_dense, aten.is_nonzero, aten.nonzero}


@every_metric
def test_update_stays_on_its_device(make):
    """Meta tensors mix with no other device and have no values to read."""
    metric = make().to("meta")
    pred, target = fields(2).to("meta")
    with Trace() as trace:
        metric.update(pred, target)
    assert trace.devices <= {None, torch.device("meta")}
    assert {s.device.type for s in states(metric)} == {"meta"}


@every_metric
def test_a_device_without_double_gets_single_sums(make):
    def move(tensor):
        if tensor.dtype == torch.float64:
            raise TypeError("Cannot convert a MPS Tensor to float64 dtype")
        return tensor.clone()

    metric = make()
    metric.update(*fields(2))
    metric._apply(move)
    assert {s.dtype for s in states(metric)} == {torch.float32}
    metric.reset()
    assert {s.dtype for s in states(metric)} <= {torch.float32}


def test_a_collection_does_not_merge_norms_that_agree_on_constants():
    metrics = MetricCollection([RelativeL2(), RelativeH1()])
    metrics.update(torch.ones(1, 1, 8), torch.full((1, 1, 8), 2.0))
    metrics.update(*torch.randn(2, 4, 1, 8, generator=torch.Generator().manual_seed(0)))
    values = metrics.compute()
    assert values["RelativeL2"] != values["RelativeH1"]
