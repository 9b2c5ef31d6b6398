"""Tangent kernels: closed forms of linear models, derivatives, and cells that run together."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from sgn_sciml.layers import PeriodicEncoding, Sine
from sgn_sciml.networks import CoordinateMLP, CoordinateNetwork
from sgn_sciml.studies import Ntk, StudyFolder
from sgn_sciml.studies.engine.cell import Curve, Outcome
from sgn_sciml.studies.engine.study import make_study
from sgn_sciml.studies.experiments.kernels import (
    alignment,
    effective_rank,
    flow_times,
    fourier_modes,
    jacobian,
    kernel_distance,
    mode_rates,
    spectrum,
)
from sgn_sciml.studies.experiments.ntk import concordance
from sgn_sciml.studies.reports.kernel_spectra import KernelSpectra
from sgn_sciml.studies.reports.results import Results

N = 32
X = torch.arange(N, dtype=torch.float64)[:, None] / N


class Waves(CoordinateNetwork):
    """Linear in its parameters: waves of fixed size, the k-th has the k-th of some scales."""

    def __init__(self, in_features, out_features, width, scales=(3.0, 2.0, 1.0)):
        super().__init__(in_features, out_features)
        self.encoding = PeriodicEncoding(1, harmonics=len(scales))
        self.register_buffer("scales", torch.tensor(scales).repeat(2))
        self.head = nn.Linear(2 * len(scales), 1, bias=False)
        self.rest = nn.Parameter(torch.zeros(width))  # takes part in nothing

    def forward(self, x):
        return self.head(self.encoding(self.scale(x)) * self.scales) + 0 * self.rest.sum()


def tensors(network):
    return {n: t.detach() for n, t in (*network.named_parameters(), *network.named_buffers())}


def kernel_of(network, x=X):
    rows = jacobian(network, tensors(network), x)
    return rows @ rows.T


def siren(in_features, out_features, width, **keys):
    return CoordinateMLP(in_features, out_features, width, 2, activation=Sine, **keys)


def test_modes_are_orthonormal():
    for count in (7, 8):
        modes, wavenumber = fourier_modes(count)
        torch.testing.assert_close(modes.T @ modes, torch.eye(count, dtype=torch.float64))
        assert wavenumber.tolist() == [(i + 1) // 2 for i in range(count)]


def test_a_linear_model_has_the_kernel_of_its_features():
    network = Waves(1, 1, 1)
    network.set_domain([0.0], [1.0])
    kernel = kernel_of(network)
    lag = 2 * math.pi * (X - X.T)
    expected = sum(a**2 * (k * lag).cos() for k, a in ((1, 3), (2, 2), (3, 1)))
    torch.testing.assert_close(kernel, expected, atol=1e-12, rtol=0)

    values, vectors = spectrum(kernel)
    known = torch.tensor([9.0, 9, 4, 4, 1, 1], dtype=torch.float64) * N / 2
    torch.testing.assert_close(values[:6], known)
    assert (values[6:] < 1e-10).all()
    share, strongest = alignment(vectors[:, :6])
    torch.testing.assert_close(share, torch.ones(6, dtype=torch.float64))
    assert strongest.tolist() == [1, 1, 2, 2, 3, 3]

    rates = mode_rates(kernel)
    torch.testing.assert_close(rates[1:4], known[::2] / N)
    assert rates[0].abs() < 1e-12
    assert rates[4:].abs().max() < 1e-12
    p = known / known.sum()
    assert effective_rank(values) == pytest.approx(math.exp(-(p * p.log()).sum()))


def test_rates_sum_to_the_trace():
    torch.manual_seed(0)
    kernel = kernel_of(siren(1, 1, 8))
    rates = mode_rates(kernel)
    total = rates[0] + 2 * rates[1:-1].sum() + rates[-1]
    torch.testing.assert_close(total, kernel.trace() / N)


def test_rows_are_derivatives(float64):
    torch.manual_seed(0)
    network = siren(1, 1, 5)
    x = X[:6]
    rows = jacobian(network, tensors(network), x)
    for i, point in enumerate(x):
        gradients = torch.autograd.grad(network(point[None])[0, 0], network.parameters())
        torch.testing.assert_close(rows[i], torch.cat([g.flatten() for g in gradients]))
    start = nn.utils.parameters_to_vector(network.parameters()).detach()
    direction = torch.randn_like(start)
    ends = []
    for side in (1e-6, -1e-6):
        nn.utils.vector_to_parameters(start + side * direction, network.parameters())
        ends.append(network(x)[:, 0].detach())
    torch.testing.assert_close(rows @ direction, (ends[0] - ends[1]) / 2e-6, atol=1e-6, rtol=1e-6)


def test_frozen_parameters_have_no_part():
    network = Waves(1, 1, 1)
    assert jacobian(network, tensors(network), X).shape == (N, 7)
    network.rest.requires_grad_(False)
    assert jacobian(network, tensors(network), X).shape == (N, 6)


def test_flow_of_a_mode_is_an_exponential():
    network = Waves(1, 1, 1)
    network.set_domain([0.0], [1.0])
    angle = 2 * math.pi * X * torch.arange(1, 5)
    waves = torch.polar(torch.ones_like(angle), angle)
    residual = waves.real.sum(1)  # of which the model cannot learn the last
    times = flow_times(*spectrum(kernel_of(network)), residual, waves, 0.1 * torch.ones(4))
    expected = math.log(10) / torch.tensor([4.5, 2.0, 0.5], dtype=torch.float64)
    torch.testing.assert_close(times[:3], expected, rtol=0.11, atol=0)
    assert times[3] == torch.inf


def test_distance_of_kernels():
    a, b = torch.eye(4), torch.diag(torch.tensor([1.0, 1.0, 0.0, 0.0]))
    assert kernel_distance(a, 3 * a) == pytest.approx(0)
    assert kernel_distance(a, b) == pytest.approx(1 - math.sqrt(0.5))


@pytest.mark.parametrize(
    ("took", "expected"),
    [
        ([1.0, 2.0, 3.0, 4.0], 1.0),
        ([4.0, 3.0, 2.0, 1.0], 0.0),
        ([1.0, 2.0, math.nan, math.nan], 1.0),
        ([math.nan, 1.0, math.nan, math.nan], 2 / 3),
        ([math.nan] * 4, math.nan),
    ],
)
def test_order_of_pairs(took, expected):
    found = concordance(np.arange(4.0), np.array(took))
    assert found == pytest.approx(expected, nan_ok=True)
    assert concordance(np.ones(4), np.arange(4.0)) == 0.5


def cell(**keys):
    settings = {"parameters": 1023, "num_tones": 3, "points": N, "steps": 40, "network": siren}
    return Ntk(**(settings | {"num_snapshots": 3} | keys))


def test_a_linear_model_learns_in_the_order_of_its_kernel_which_stays():
    outcome = cell(network=Waves, parameters=1000, lr=0.03, steps=300).run()
    scalars = outcome.scalars
    for stage in ("init", "trained"):
        assert scalars[f"{stage}/spread"] == pytest.approx(9)
        assert scalars[f"{stage}/condition"] == pytest.approx(9)
        assert scalars[f"{stage}/trace"] == pytest.approx(14)
        assert scalars[f"{stage}/tones_share"] == pytest.approx(1)
        assert scalars[f"{stage}/alignment"] == pytest.approx(1)
    assert scalars["trained/kernel_distance"] == pytest.approx(0, abs=1e-12)
    assert scalars["agreement/rate"] == scalars["agreement/trained"] == 1
    assert scalars["agreement/flow"] == 1
    assert scalars["tones_learned"] == 3
    assert list(outcome.curves["rate"].axes["step"]) == [0, 1, 300]
    np.testing.assert_allclose(outcome.curves["rate"].values[:, 1:4], [[4.5, 2.0, 0.5]] * 3)
    np.testing.assert_array_equal(outcome.curves["aligned_with"].values[0], [1, 1, 2, 2, 3, 3])


def test_a_kernel_of_what_does_not_train_stays():
    still = cell(lr=1e-12).run().scalars
    assert still["trained/kernel_distance"] == pytest.approx(0, abs=1e-6)
    assert cell(lr=1e-2).run().scalars["trained/kernel_distance"] > 1e-3


def test_together_as_alone():
    cells = [cell(seed=seed, lr=lr) for lr in (1e-3, 3e-3) for seed in (0, 1)]
    for one, outcome in zip(cells, Ntk.run_together(cells), strict=True):
        alone = one.run()
        for name, value in alone.scalars.items():
            if not name.endswith("condition"):  # of eigenvalues that are almost zero
                assert outcome.scalars[name] == pytest.approx(value, rel=0.02, nan_ok=True), name
        for name in ("rate", "eigenvalue"):
            found, expected = outcome.curves[name].values, alone.curves[name].values
            np.testing.assert_allclose(found, expected, rtol=0.02, atol=1e-3 * expected.max())


def test_one_that_diverged_has_no_kernel():
    outcome = cell(network=broken).run()
    assert math.isnan(outcome.scalars["trained/spread"])
    assert math.isnan(outcome.scalars["trained/kernel_distance"])


def broken(in_features, out_features, width):
    made = siren(in_features, out_features, width)
    made.layers[0].bias.data[0] = torch.nan
    return made


@pytest.mark.parametrize("keys", [{"points": 6}, {"lr": 0.0}, {"steps": 0}, {"num_snapshots": 0}])
def test_wrong_arguments(keys):
    with pytest.raises(ValueError, match=r"points|positive"):
        cell(**keys)


ABOUT = {"cpu_seconds": 1.0, "written": "2026-01-01T00:00:00+00:00", "machine": {}}


@pytest.fixture
def results(tmp_path):
    """Base b has a first kernel of spread 10 b and a last one of spread b; base 5 diverged."""
    axes = {"base": [2.0, 3.0, 4.0, 5.0, 6.0], "seed": [0, 1, 2]}
    made = make_study(
        {"name": "s", "cell": {"class_path": "tests.studies.cells.Power"}, "axes": axes}
    )
    folder = StudyFolder(tmp_path / "s")
    folder.create(made)
    for spec in made.cells:
        base, seed = (spec.settings["init_args"][name] for name in ("base", "seed"))
        factor = math.nan if base == 5 else base * 1.01**seed
        scalars = {f"{stage}/{name}": factor for stage in ("init", "trained") for name in WORDS}
        scalars |= {"init/spread": 10 * factor, "val/relative_l2": factor / 10}
        scalars |= {"trained/kernel_distance": 0.5, "tones_learned": base}
        scalars |= {"agreement/rate": 1.0, "agreement/flow": math.nan, "agreement/trained": 0.5}
        step = [0, 10]
        curves = {
            "eigenvalue": Curve({"step": step, "index": [1, 2, 3]}, np.ones((2, 3))),
            "rate": Curve({"step": step, "frequency": [0, 1, 2]}, np.array([[9.0, 4, 1]] * 2)),
            "aligned_share": Curve({"step": step, "index": [1, 2]}, np.ones((2, 2))),
        }
        folder.write_outcome(spec, Outcome(scalars, curves), ABOUT)
    return Results(made, folder)


WORDS = ("spread", "effective_rank", "trace", "alignment")


def test_section_says_what_was_put_in(results):
    part = KernelSpectra("base").show(results)
    assert list(part.figures) == ["eigenvalues", "kernel_rates", "kernel_alignment"]
    (table,) = part.tables
    assert [row[0] for row in table.rows] == ["2.0", "3.0", "4.0", "6.0"]
    assert table.rows[0][1:3] == ["20.2", "2.02"]
    assert table.rows[0][-5:] == ["0.5", "1.00", "-", "0.50", "2.0"]
    text = "\n".join(part.text)
    assert "Flattest kernel, start: 2.0, spread 20.2 (20 to 20.4); then 3.0, spread 30.3" in text
    assert "no clear lead" not in text
    assert "flatter in 4 of 4 rows and steeper in 0; most in" in text
    assert "Order by the first kernel's rates: right for 100% of the pairs" in text
    assert "gradient flow with the first kernel: right" not in text
    assert "over 4 rows: related (Spearman 1.00" in text
    assert "failed or has not run: 5.0." in text
    maps = part.figures["kernel_rates"].axes[0].collections[0].get_array()
    np.testing.assert_allclose(maps, [[1.0, 0.25]] * 4)


def test_a_study_without_kernels(results):
    for record in results.records.values():
        record.scalars.clear()
    with pytest.raises(ValueError, match="no cell has measured kernels"):
        KernelSpectra("base").show(results)
