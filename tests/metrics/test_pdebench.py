"""The formulas written out in loops, number by number, against the metric."""

import cmath
import math

import pytest
import torch

from sgn_sciml.metrics import PDEBenchErrors


def noise(*shape):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(3))


def mean(values):
    values = list(values)
    return math.fsum(values) / len(values) if values else math.nan


def fourier_1d(e):
    """|sum_x e exp(-2 pi i k x / n)|^2 for k = 0 .. n // 2."""
    n = len(e)
    return [
        abs(sum(e[x] * cmath.exp(-2j * math.pi * k * x / n) for x in range(n))) ** 2
        for k in range(n // 2 + 1)
    ]


def fourier_2d(e):
    """|Fourier sum|^2 of the quadrant, summed over shells."""
    nx, ny = len(e), len(e[0])
    shells = [0.0] * min(nx // 2, ny // 2)
    for i in range(nx // 2):
        for j in range(ny // 2):
            total = sum(
                e[x][y] * cmath.exp(-2j * math.pi * (i * x / nx + j * y / ny))
                for x in range(nx)
                for y in range(ny)
            )
            k = math.isqrt(i * i + j * j)
            if k < len(shells):
                shells[k] += abs(total) ** 2
    return shells


def one_field(pred, target):
    """All measures of one channel of one frame: nested lists (sample, x) or (sample, x, y)."""
    plane = isinstance(pred[0][0], list)
    rows = {"square": [], "relative": [], "total": [], "edge": [], "largest": [], "waves": []}
    for p, t in zip(pred, target, strict=True):
        if plane:
            e = [[a - b for a, b in zip(*r, strict=True)] for r in zip(p, t, strict=True)]
            cells, truth = [v for r in e for v in r], [v for r in t for v in r]
            edge = e[0] + e[-1] + [r[0] for r in e] + [r[-1] for r in e]
            assert len(edge) == 2 * len(e) + 2 * len(e[0])
            rows["waves"].append(fourier_2d(e))
        else:
            cells = e = [a - b for a, b in zip(p, t, strict=True)]
            truth, edge = t, [e[0], e[-1]]
            rows["waves"].append(fourier_1d(e))
        rows["square"].append(mean(v * v for v in cells))
        rows["relative"].append(rows["square"][-1] / mean(v * v for v in truth))
        rows["total"].append(sum(cells) ** 2)
        rows["edge"].append(mean(v * v for v in edge))
        rows["largest"].append(max(abs(v) for v in cells))
    n = len(cells)
    waves = [math.sqrt(mean(k)) / n for k in zip(*rows["waves"], strict=True)]
    return {
        "rmse": mean(map(math.sqrt, rows["square"])),
        "nrmse": mean(map(math.sqrt, rows["relative"])),
        "crmse": math.sqrt(mean(rows["total"])) / n,
        "brmse": math.sqrt(mean(rows["edge"])),
        "max": max(rows["largest"]),
        "frmse_low": mean(waves[:4]),
        "frmse_mid": mean(waves[4:12]),
        "frmse_high": mean(waves[12:]),
    }


def by_hand(pred, target):
    """The measures of a batch ``(batch, channels, *space)``, a mean over channels."""
    fields = [one_field(pred[:, c].tolist(), target[:, c].tolist()) for c in range(pred.shape[1])]
    return {f"pdebench/{key}": mean(f[key] for f in fields) for key in fields[0]}


def run(pred, target, batches=None, **options):
    metric = PDEBenchErrors(**options)
    for p, t in zip(*(u.split(batches or [len(u)]) for u in (pred, target)), strict=True):
        metric.update(p, t)
    return {key: value.item() for key, value in metric.compute().items()}


GRIDS = [(32,), (27,), (26, 28), (25, 31)]


@pytest.mark.parametrize("grid", GRIDS, ids=str)
def test_all_samples_as_one_batch(grid):
    pred, target = noise(2, 3, 2, *grid)
    expected = pytest.approx(by_hand(pred, target), rel=1e-10, nan_ok=True)
    assert run(pred, target, batches=[2, 1]) == expected


@pytest.mark.parametrize("grid", [(32,), (8, 12)], ids=str)
def test_compat_sums_over_batches_and_divides_by_one_less(grid):
    pred, target = noise(2, 6, 2, *grid)
    sizes = [2, 3, 1]
    batches = [by_hand(p, t) for p, t in zip(pred.split(sizes), target.split(sizes), strict=True)]
    expected = {key: math.fsum(b[key] for b in batches) / 2 for key in batches[0]}
    values = run(pred, target, sizes, compat=True)
    assert values == pytest.approx(expected, rel=1e-10, nan_ok=True)


@pytest.mark.parametrize("grid", [(32,), (26, 28)], ids=str)
def test_single_precision_is_good_to_one_in_a_million(grid):
    pred, target = noise(2, 3, 1, *grid).float()
    expected = pytest.approx(by_hand(pred, target), rel=1e-6, nan_ok=True)
    assert run(pred, target) == expected


def test_the_last_batch_index_of_one_batch_divides_by_zero():
    values = run(*noise(2, 3, 1, 32), compat=True)
    assert set(values.values()) == {math.inf}


def test_a_perfect_batch_alone_is_nan():
    target = noise(2, 1, 32)
    assert all(math.isnan(v) for v in run(target, target, compat=True).values())


def test_compat_inflates_equal_batches():
    pred, target = noise(2, 2, 1, 32).repeat(1, 5, 1, 1)
    once, twice = run(pred, target), run(pred, target, [2] * 5, compat=True)
    assert twice == pytest.approx({key: 1.25 * value for key, value in once.items()})


def test_compat_depends_on_the_batches():
    pred, target = noise(2, 6, 1, 32)
    assert run(pred, target, [3, 3], compat=True) != run(pred, target, [1, 5], compat=True)


def test_numbers():
    """e = (2, 0, 0, -1) and (0, 0, 0, 0) with u = (1, 1, 1, 1) and (3, 4, 0, 0)."""
    target = torch.tensor([[[1.0, 1, 1, 1]], [[3, 4, 0, 0]]]).double()
    error = torch.tensor([[[2.0, 0, 0, -1]], [[0, 0, 0, 0]]]).double()
    values = run(target + error, target, bands={"zero": 0, "one": 1, "two": 2})
    assert values == pytest.approx(
        {
            "pdebench/rmse": math.sqrt(5 / 4) / 2,
            "pdebench/nrmse": math.sqrt(5 / 4) / 2,
            "pdebench/crmse": math.sqrt(1 / 2) / 4,
            "pdebench/brmse": math.sqrt((4 + 1) / 2 / 2),
            "pdebench/max": 2,
            "pdebench/frmse_zero": math.sqrt(1 / 2) / 4,
            "pdebench/frmse_one": math.sqrt((4 + 1) / 2) / 4,  # 2 - i
            "pdebench/frmse_two": math.sqrt(9 / 2) / 4,
        }
    )


# -- frames as fields ------------------------------------------------------------------------


@pytest.mark.parametrize("compat", [False, True])
@pytest.mark.parametrize("grid", [(26,), (6, 8)], ids=str)
def test_frames_as_fields_are_the_mean_over_channels_and_frames(grid, compat):
    pred, target = noise(2, 4, 3, 2, *grid)  # items, frames, channels, space
    options = {"batches": [2, 2], "compat": compat}
    flat = run(pred.flatten(1, 2), target.flatten(1, 2), **options)
    single = [
        run(pred[:, f, c, None], target[:, f, c, None], **options)
        for f in range(3)
        for c in range(2)
    ]
    expected = {key: mean(s[key] for s in single) for key in flat}
    assert flat == pytest.approx(expected, rel=1e-12, nan_ok=True)


def test_the_maximum_is_a_mean_of_maxima():
    target = torch.zeros(2, 2, 8)
    pred = target.clone()
    pred[0, 0, 3], pred[1, 0, 2], pred[1, 1, 7] = 5.0, -7.0, 1.0
    assert run(pred, target)["pdebench/max"] == (7 + 1) / 2


# -- limits ----------------------------------------------------------------------------------


def test_the_quadrant_leaves_out_half_of_the_waves():
    x = torch.arange(16, dtype=torch.float64) / 16
    waves = [torch.cos(2 * math.pi * (3 * x[:, None] + s * 4 * x)) for s in (1, -1)]
    kept, lost = (
        run(w[None, None], 0 * w[None, None], bands={"rest": 0, "five": 5, "more": 6})
        for w in waves
    )
    assert kept["pdebench/frmse_five"] == pytest.approx(0.5)
    assert lost["pdebench/frmse_five"] == pytest.approx(0, abs=1e-12)


def test_a_zero_target_gives_the_rms_error():
    assert run(torch.full((2, 1, 8), 0.3), torch.zeros(2, 1, 8))["pdebench/nrmse"] == (
        pytest.approx(0.3)
    )


def test_a_band_beyond_the_grid_is_nan():
    values = run(*noise(2, 2, 1, 16))
    assert math.isnan(values["pdebench/frmse_high"])
    assert values["pdebench/frmse_mid"] > 0


def test_three_axes_are_refused():
    with pytest.raises(ValueError, match="one or two spatial axes, got 3"):
        PDEBenchErrors().update(*noise(2, 1, 1, 4, 4, 4))


@pytest.mark.parametrize("compat", [False, True])
def test_a_changing_grid_is_refused(compat):
    metric = PDEBenchErrors(compat)
    metric.update(*noise(2, 1, 2, 16))
    with pytest.raises(ValueError, match="differs between batches"):
        metric.update(*noise(2, 1, 2, 32))


@pytest.mark.parametrize("bands", [{}, {"low": 1}, {"low": 0, "high": 8, "mid": 4}])
def test_bands_that_do_not_ascend_are_refused(bands):
    with pytest.raises(ValueError, match="bands must ascend from 0"):
        PDEBenchErrors(bands=bands)


@pytest.mark.filterwarnings("ignore:.*before the ``update``")
@pytest.mark.parametrize("compat", [False, True])
def test_no_samples_give_nan(compat):
    assert all(value.isnan() for value in PDEBenchErrors(compat).compute().values())
