"""Networks of timm and transformers, from their configurations, with gates for activations.

`make test-models` runs this where both are installed; elsewhere it is skipped.
"""

import copy
import sys
import types
from functools import partial
from importlib.util import find_spec

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from sgn_sciml.layers import SpectralGate
from sgn_sciml.networks import count_parameters, inject
from tests.networks.blocks import gates, open_gates, relative

if not (find_spec("timm") and find_spec("transformers")):
    pytest.skip("timm and transformers are not installed", allow_module_level=True)

D, CLASSES = 192, 5
DIAGONAL = partial(SpectralGate, spectral="diagonal")


class Anything(type):
    """A class whose every attribute is its own name."""

    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return name


class StandIn(types.ModuleType):
    """A module that has every class."""

    __path__ = ()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        inner = sys.modules.get(f"{self.__name__}.{name}")
        return inner or Anything(name, (), {})


@pytest.fixture(scope="module", autouse=True)
def _no_torchvision():
    """timm asks for torchvision, though no network uses it; see the Makefile for why it lacks."""
    names = (
        *("", ".datasets", ".models", ".models.feature_extraction", ".ops", ".ops.misc"),
        *(".transforms", ".transforms.functional"),
    )
    with pytest.MonkeyPatch.context() as patch:
        if not find_spec("torchvision"):
            for name in names:
                patch.setitem(sys.modules, f"torchvision{name}", StandIn(f"torchvision{name}"))
        import timm.models  # noqa: F401

        yield


class Pictures(nn.Module):
    """Scores of the classes of a picture."""

    def __init__(self, name):
        super().__init__()
        from timm.models import MlpMixer, VisionTransformer

        shape = {"img_size": 32, "patch_size": 4, "embed_dim": D, "num_classes": CLASSES}
        if name == "vit":
            self.body = VisionTransformer(**shape, depth=2, num_heads=4)
        else:
            self.body = MlpMixer(**shape, num_blocks=2)
        nn.init.normal_(self.body.head.weight, std=0.05)  # timm starts some heads at zero

    def forward(self, x):
        return self.body(x)


class Bert(nn.Module):
    """Scores of the classes of a sentence."""

    def __init__(self):
        super().__init__()
        from transformers import BertConfig, BertForSequenceClassification

        config = BertConfig(
            vocab_size=50,
            hidden_size=D,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=4 * D,
            max_position_embeddings=16,
            num_labels=CLASSES,
        )
        self.body = BertForSequenceClassification(config)

    def forward(self, x):
        return self.body(input_ids=x).logits


MODELS = {
    "vit": (partial(Pictures, "vit"), lambda: torch.randn(8, 3, 32, 32)),
    "mixer": (partial(Pictures, "mixer"), lambda: torch.randn(8, 3, 32, 32)),
    "bert": (Bert, lambda: torch.randint(50, (8, 16))),
}
PLACES = {"vit": 2, "mixer": 4, "bert": 2}
every_model = pytest.mark.parametrize("name", MODELS)


def make(name):
    """A network and inputs, always the same."""
    torch.manual_seed(0)
    build, inputs = MODELS[name]
    return build().eval(), inputs()


@every_model
def test_diagonal_gates_keep_both_the_output_and_the_number_of_parameters(name):
    module, x = make(name)
    twin = copy.deepcopy(module)
    assert len(inject(module, DIAGONAL)) == PLACES[name] == len(gates(module))
    assert count_parameters(module) <= 1.02 * count_parameters(twin)
    with torch.no_grad():
        expected = twin(x)
        assert 0 < relative(module(x), expected) < 0.02
        open_gates(module)
        assert relative(module(x), expected) > 0.02, "the gates do run"


@every_model
def test_dense_gates_are_paid_by_narrower_layers_or_reported(name):
    module, x = make(name)
    twin, narrowed = copy.deepcopy(module), copy.deepcopy(module)
    records = inject(module)
    added = sum(29 * r.features + 9 for r in records)
    assert count_parameters(module) == count_parameters(twin) + added
    assert all(r.features < r.features_before for r in inject(narrowed, match_parameters=True))
    budget = count_parameters(twin)
    assert abs(count_parameters(narrowed) - budget) <= 0.02 * budget
    with torch.no_grad():
        expected = twin(x)
        assert relative(module(x), expected) < 0.02
        assert narrowed(x).isfinite().all()


@every_model
def test_a_gated_network_trains_and_is_restored_from_its_state(name):
    module, x = make(name)
    inject(module, match_parameters=True)
    target = torch.arange(len(x)) % CLASSES
    optimizer = torch.optim.Adam(module.parameters(), 1e-3)
    before = {key: value.clone() for key, value in module.state_dict().items()}
    losses = []
    for _ in range(6):
        loss = F.cross_entropy(module(x), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]
    moved = [key for key, value in module.state_dict().items() if not value.equal(before[key])]
    assert any(key.endswith(".gate") for key in moved)
    again, _ = make(name)
    inject(again, match_parameters=True)
    again.load_state_dict(module.state_dict())
    with torch.no_grad():
        assert again(x).equal(module(x))


@every_model
def test_a_gated_network_is_exported(name):
    module, x = make(name)
    inject(module)
    open_gates(module)
    program = torch.export.export(module, (x,)).module()
    with torch.no_grad():
        torch.testing.assert_close(program(x), module(x))
