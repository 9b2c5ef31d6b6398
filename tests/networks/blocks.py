"""Blocks that injection knows, one of each kind, and the operators of neuraloperator."""

import io
import warnings
from contextlib import redirect_stdout
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from sgn_sciml.layers import Elementwise, FeedForward, SpectralGate
from sgn_sciml.networks import CoordinateMLP

D, N = 48, 128


class Mlp(nn.Module):
    """The block of vision transformers in timm's attribute names."""

    def __init__(self, d=D, n=N, act_layer=nn.GELU, norm=False):
        super().__init__()
        self.fc1 = nn.Linear(d, n)
        self.act = act_layer()
        self.drop = nn.Dropout(0.0)
        self.norm = nn.LayerNorm(n) if norm else nn.Identity()
        self.fc2 = nn.Linear(n, d)

    def forward(self, x):
        return self.drop(self.fc2(self.norm(self.drop(self.act(self.fc1(x))))))


class ClipMlp(nn.Module):
    """The same block in the attribute names of language models, with a function."""

    def __init__(self, d=D, n=N):
        super().__init__()
        self.fc1, self.activation_fn, self.fc2 = nn.Linear(d, n), F.silu, nn.Linear(n, d)

    def forward(self, x):
        return self.fc2(self.activation_fn(self.fc1(x)))


class BertLayer(nn.Module):
    """The same block in two modules, as in BERT."""

    def __init__(self, d=D, n=N):
        super().__init__()
        self.intermediate, self.output = nn.Module(), nn.Module()
        self.intermediate.dense, self.output.dense = nn.Linear(d, n), nn.Linear(n, d)
        self.intermediate.intermediate_act_fn = F.gelu

    def forward(self, x):
        inner = self.intermediate
        return self.output.dense(inner.intermediate_act_fn(inner.dense(x)))


class Decoder(nn.Module):
    """A decoder layer that attends to its own input."""

    def __init__(self, **options):
        super().__init__()
        self.layer = nn.TransformerDecoderLayer(D, 4, N, 0.0, batch_first=True, **options)

    def forward(self, x):
        return self.layer(x, x)


def chain(*widths, act=nn.GELU, norm=nn.Identity):
    """Linear layers with an activation and a norm between them; the widths are hidden ones."""
    layers = [nn.Linear(D, widths[0])]
    for n, after in zip(widths, (*widths[1:], D), strict=True):
        layers += [act(), norm(n), nn.Linear(n, after)]
    for linear in layers[::3]:
        nn.init.xavier_uniform_(linear.weight)  # torch's default leaves pre-activations small
    return nn.Sequential(*layers)


def encoder(**options):
    options = {"dropout": 0.0, "batch_first": True, **options}
    return nn.TransformerEncoderLayer(D, 4, N, **options)


KINDS = {
    "sequential": lambda: chain(N, 96),
    "sequential-norm": lambda: chain(N, 96, act=nn.Tanh, norm=nn.LayerNorm),
    "sequential-nested": lambda: nn.Sequential(
        nn.Sequential(nn.Linear(D, N), nn.LayerNorm(N), nn.SiLU(), nn.Dropout(0.0)),
        nn.Linear(N, D),
    ),
    "encoder-relu": encoder,
    "encoder-gelu": lambda: encoder(activation="gelu"),
    "encoder-module": lambda: encoder(activation=nn.GELU(), norm_first=True, bias=False),
    "decoder": Decoder,
    "decoder-gelu": lambda: Decoder(activation=F.gelu),
    "timm": Mlp,
    "timm-norm": lambda: Mlp(norm=True),
    "activation-fn": ClipMlp,
    "bert": BertLayer,
    "feed-forward": lambda: FeedForward(D, N, activation=Elementwise),
    "coordinate": lambda: CoordinateMLP(
        D, 2, N, 2, activation=partial(Elementwise, function=F.gelu)
    ),
}
every_kind = pytest.mark.parametrize("kind", KINDS)


def make(kind):
    torch.manual_seed(0)
    return KINDS[kind]()


def inputs():
    return torch.randn(8, 10, D, generator=torch.Generator().manual_seed(1))


def gates(module):
    return [m for m in module.modules() if isinstance(m, SpectralGate)]


def open_gates(module, value=3.0):
    for gate in gates(module):
        nn.init.constant_(gate.gate, value)


def relative(new, old):
    return ((new - old).norm() / old.norm()).item()


UNO = {
    "hidden_channels": 8,
    "lifting_channels": 16,
    "projection_channels": 16,
    "n_layers": 3,
    "uno_out_channels": [8, 12, 8],
    "uno_n_modes": [[6, 6]] * 3,
    "uno_scalings": [[1, 1], [0.5, 0.5], [2, 2]],
    "channel_mlp_skip": "linear",
}
CODANO = {
    "n_layers": 2,
    "n_modes": [[6, 6]] * 2,
    "n_heads": [2] * 2,
    "per_layer_scaling_factors": [[1, 1]] * 2,
    "attention_scaling_factors": [1] * 2,
    "hidden_variable_codimension": 8,
    "lifting_channels": 16,
    "projection_channels": 16,
    "attention_token_dim": 4,
}
OPERATORS = {
    "FNO1": (lambda m: m.FNO((6,), 1, 1, 16), (1, 16)),
    "FNO2": (lambda m: m.FNO((6, 6), 1, 1, 16, n_layers=2, norm="group_norm"), (1, 16, 12)),
    "FNO-preactivation": (lambda m: m.FNO((6,), 1, 1, 16, preactivation=True), (1, 16)),
    "FNO-padding": (lambda m: m.FNO((6,), 1, 1, 16, domain_padding=0.2), (1, 20)),
    "FNO-dropout": (lambda m: m.FNO((6,), 1, 1, 16, channel_mlp_dropout=0.1), (1, 16)),
    "TFNO": (lambda m: m.TFNO((6, 6), 1, 1, 16, rank=0.3), (1, 16, 16)),
    "UNO": (lambda m: m.UNO(1, 1, **UNO), (1, 16, 16)),
    "UNO-preactivation": (lambda m: m.UNO(1, 1, **UNO, preactivation=True), (1, 16, 16)),
    "CODANO": (lambda m: m.CODANO(**CODANO), (2, 12, 12)),
    "UQNO": (lambda m: m.UQNO(m.FNO((6,), 1, 1, 16)), (1, 16)),
    "SFNO": (lambda m: m.SFNO((6, 6), 1, 1, 16), (1, 8, 16)),
    "LocalNO": (
        lambda m: m.LocalNO((6, 6), 1, 1, 16, default_in_shape=(16, 16), use_channel_mlp=True),
        (1, 16, 16),
    ),
}
every_operator = pytest.mark.parametrize("name", OPERATORS)


def operator(name):
    """A model of neuraloperator in evaluation mode, and an input of it."""
    if name in ("SFNO", "LocalNO"):
        pytest.importorskip("torch_harmonics")
    build, shape = OPERATORS[name]
    torch.manual_seed(0)
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):  # UNO and CODANO print
        warnings.simplefilter("ignore")
        from neuralop import models

        model = build(models).eval()
    return model, torch.randn(2, *shape, generator=torch.Generator().manual_seed(1))


def outputs(model, x):
    """The output of an operator; UQNO returns a pair, of which one half trains."""
    y = model(x)
    return y[1] if isinstance(y, tuple) else y
