"""Values and losses in the kernel against torch, in all precisions."""

import pytest
import torch
from torch import nn

from sgn_sciml.jets import FusedFunction, Rounding, has_bfloat16_tiles
from sgn_sciml.layers import (
    Elementwise,
    Finer,
    FinerGaussian,
    Gabor,
    Gaussian,
    HarmonicSine,
    PositionalEncoding,
    Sine,
    SineGate,
    Spder,
    SpectralGate,
    Staf,
)
from sgn_sciml.networks import CoordinateMLP

ACTIVATIONS = {
    "folded gate": lambda n: SineGate(n, frequencies=20.0),
    "diagonal gate": lambda n: SpectralGate(n, spectral="diagonal", gate_init=0.3),
    "dense gate": lambda n: SpectralGate(n, num_frequencies=5, gate_init=0.3),
    "input gate": lambda n: SpectralGate(n, gate="input", gate_init=0.3, learnable_base=True),
    "siren": lambda n: Sine(n, 30.0),
    "finer": lambda n: Finer(n, 10.0),
    "finer++": FinerGaussian,
    "spder": lambda n: Spder(n, 10.0),
    "staf": lambda n: Staf(n, 3, 6.0, skip=True),
    "harmonic": lambda n: HarmonicSine(n, 10.0),
    "gaussian": lambda n: Gaussian(n, 3.0),
    "gabor": lambda n: Gabor(n, 3.0, 2.0),
    "gelu": lambda n: Elementwise(n, nn.functional.gelu),
    "relu": lambda n: Elementwise(n, nn.functional.relu),
    "tanh": lambda n: Elementwise(n, torch.tanh),
    "silu": lambda n: Elementwise(n, nn.functional.silu),
}
N, H, S = Rounding.NONE, Rounding.HALVES, Rounding.SPLIT
PRECISIONS = {  # rounding, and what it may cost beside the error of torch in float32
    "float32": ((N, N), 2e-6),
    "bf16x3": ((S, S), 4e-5),
    "mixed": ((N, H), 2e-2),
    "bf16": ((H, H), 5e-2),
}


def network(activation="folded gate", dtype=torch.float32, **settings):
    torch.manual_seed(0)
    sizes = {"width": 37, "depth": 3, "first_width": 50} | settings
    made = CoordinateMLP(2, 3, activation=ACTIVATIONS[activation], **sizes)
    with torch.no_grad():
        for p in made.parameters():
            p.add_(0.01 * torch.randn_like(p))
    return made.to(dtype)


def samples(count=1001, dtype=torch.float32):
    generator = torch.Generator().manual_seed(1)
    points = 2 * torch.rand(count, 2, generator=generator) - 1
    return points.to(dtype), torch.randn(count, 3, generator=generator).to(dtype)


def gradient(loss, module):
    each = torch.autograd.grad(loss, list(module.parameters()), materialize_grads=True)
    return [loss.detach(), *each]


def error(found, expected):
    """The largest relative to the largest of each."""
    each = [(a - b).abs().max() / b.abs().max() for a, b in zip(found, expected, strict=True)]
    return max(map(float, each))


def assert_near(found, expected, tolerance):
    assert error(found, expected) <= tolerance


def in_torch(module, points, targets):
    return gradient((module(points) - targets).square().mean(), module)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_loss_and_gradients_are_those_of_torch(activation):
    module = network(activation, torch.float64, skips=activation == "folded gate")
    points, targets = samples(dtype=torch.float64)
    found = gradient(FusedFunction(module).loss(points, targets), module)
    assert_near(found, in_torch(module, points, targets), 1e-10)
    values = FusedFunction(module).values(points)
    assert_near([values.T], [module(points).detach()], 1e-11)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("activation", ["folded gate", "dense gate", "siren", "finer", "gelu"])
@pytest.mark.parametrize("count", [1, 15, 1001])
def test_precisions(precision, activation, count):
    rounding, tolerance = PRECISIONS[precision]
    if rounding != (N, N) and not has_bfloat16_tiles():
        pytest.skip("this processor has no bfloat16 tiles")
    module = network(activation)
    points, targets = samples(count)
    found = gradient(FusedFunction(module, rounding).loss(points, targets), module)
    exact = network(activation, torch.float64)
    expected = in_torch(exact, points.double(), targets.double())
    assert_near(
        found, expected, tolerance + 1.5 * error(in_torch(module, points, targets), expected)
    )


@pytest.mark.parametrize("width", [1, 2, 3, 8, 16, 17, 33, 129])
@pytest.mark.parametrize("precision", ["float32", "bf16x3"])
def test_widths(width, precision):
    rounding, tolerance = PRECISIONS[precision]
    if rounding != (N, N) and not has_bfloat16_tiles():
        pytest.skip("this processor has no bfloat16 tiles")
    settings = {"width": width, "first_width": width + 16, "skips": True}
    points, targets = samples(70)
    module, exact = network(**settings), network(dtype=torch.float64, **settings)
    found = gradient(FusedFunction(module, rounding).loss(points, targets), module)
    expected = in_torch(exact, points.double(), targets.double())
    assert_near(
        found, expected, tolerance + 1.5 * error(in_torch(module, points, targets), expected)
    )


def test_a_chirp_carries_no_gradient_as_in_torch():
    """FINER switches gradients off within its forward pass; the true ones are others."""
    module = network("finer", torch.float64)
    points, targets = samples(50, torch.float64)
    found = gradient(FusedFunction(module).loss(points, targets), module)
    assert_near(found, in_torch(module, points, targets), 1e-10)
    for act in module.modules():
        if isinstance(act, Finer):
            act.true_gradient = True
    true = gradient(FusedFunction(module).loss(points, targets), module)
    assert_near(true, in_torch(module, points, targets), 1e-10)
    assert (true[1] - found[1]).abs().max() > 1e-3 * found[1].abs().max()


def test_what_is_frozen_has_no_gradient():
    module = network(dtype=torch.float64)
    points, targets = samples(50, torch.float64)
    expected = in_torch(module, points, targets)
    module.layers[2].weight.requires_grad_(False)
    FusedFunction(module).loss(points, targets).backward()
    found = [p.grad for p in module.parameters()]
    kept = [(g, e) for g, e in zip(found, expected[1:], strict=True) if g is not None]
    assert len(kept) == len(found) - 1
    assert_near(*zip(*kept, strict=True), 1e-10)


def test_sums_along_slopes():
    module = network(dtype=torch.float64)
    points, slopes = samples(300, torch.float64)
    found = gradient(FusedFunction(module).along(points, slopes), module)
    assert_near(found, gradient((module(points) * slopes).sum(), module), 1e-10)


def test_as_a_part_of_the_graph():
    """Values of points in any arrangement, with what is computed of them."""
    module = network(dtype=torch.float64)
    points = samples(300, torch.float64)[0].view(10, 30, 2)

    def loss(f):
        return torch.sin(f(points).mean(1)).square().sum()

    found = gradient(loss(FusedFunction(module)), module)
    assert_near(found, gradient(loss(module), module), 1e-10)
    with pytest.raises(NotImplementedError, match="with respect to points"):
        FusedFunction(module)(points.requires_grad_())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_waves_are_exact_near_and_far(dtype):
    """Sine and cosine, from angles of an initial network to those no network should have."""
    generator = torch.Generator().manual_seed(0)
    z = torch.cat(
        [scale * torch.randn(4000, generator=generator) for scale in (1e-3, 1, 100, 3e4)]
    )
    z = torch.cat([z, torch.tensor([0.0, -0.0, 3e5, -1e8])]).to(dtype)[:, None]
    for function in (torch.sin, torch.cos):
        found, expected = FusedFunction(function).values(z)[0], function(z.double())[:, 0]
        error = (found.double() - expected).abs()
        assert (error <= 2e-7 * (1 if dtype == torch.float32 else 1e-8)).all()


def test_angles_that_are_not_finite_give_nan():
    z = torch.tensor([[torch.inf], [torch.nan], [1.0]])
    found = FusedFunction(torch.sin).values(z)[0]
    assert found.isnan().tolist() == [True, True, False]


def test_encodings_and_modules_of_torch():
    points, targets = samples(100, torch.float64)
    layers = (nn.Linear(26, 20), nn.ReLU(), nn.Linear(20, 3))
    module = nn.Sequential(PositionalEncoding(2, octaves=6), *layers).double()
    found = gradient(FusedFunction(module).loss(points, targets), module)
    assert_near(found, in_torch(module, points, targets), 1e-10)


def test_what_it_does_not_know_is_refused():
    points, targets = samples(10)
    with pytest.raises(NotImplementedError, match="erfinv"):
        FusedFunction(lambda p: torch.erfinv(p)).values(points)
    with pytest.raises(NotImplementedError, match="dropout"):
        FusedFunction(nn.Sequential(nn.Linear(2, 3), nn.Dropout(0.5))).loss(points, targets)
    with pytest.raises(NotImplementedError, match="float16"):
        FusedFunction(network()).values(points.half())
    with pytest.raises(ValueError, match="targets of shape"):
        FusedFunction(network()).loss(points, targets[:, :2])
