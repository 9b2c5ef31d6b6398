"""A plain installation: torch and NumPy, and no other package."""

import pytest

GATE = """
import torch, sgn_sciml, sgn_sciml.jets, sgn_sciml.optim
from sgn_sciml import CoordinateMLP, SpectralGate, inject

torch.manual_seed(0)
block = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.GELU(), torch.nn.Linear(8, 1))
assert len(inject(block)) == 1
network = CoordinateMLP(2, 1, width=8, depth=2)
for model in (block, network, torch.nn.Sequential(torch.nn.Linear(2, 1), SpectralGate(1))):
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    points = torch.rand(64, 2)
    losses = []
    for _ in range(2):
        loss = (model(points) - points.sum(-1, keepdim=True)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[1] < losses[0], losses

for line in (
    "sgn_sciml.PINN",
    "sgn_sciml.Operator",
    "sgn_sciml.INR",
    "sgn_sciml.open_source",
    "from sgn_sciml.pinn import PINN",
    "from sgn_sciml.studies import Tones",
):
    try:
        exec(line)
    except ImportError as error:
        print(error)
"""
SAYS = """\
sgn_sciml.pinn needs lightning: pip install 'sgn-sciml[pinn]'
sgn_sciml.operators needs lightning: pip install 'sgn-sciml[operators]'
sgn_sciml.inr needs lightning: pip install 'sgn-sciml[inr]'
sgn_sciml.layouts needs h5py: pip install 'sgn-sciml[data]'
sgn_sciml.pinn needs lightning: pip install 'sgn-sciml[pinn]'
sgn_sciml.studies needs lightning: pip install 'sgn-sciml[studies]'
"""
COMMANDS = {
    "fit --config burgers_pinn": "sgn fit needs lightning: pip install 'sgn-sciml[pinn]'",
    "stages 2 --config poisson_pinn": "sgn stages needs lightning: pip install 'sgn-sciml[pinn]'",
    "study status studies/tones": "sgn study needs lightning: pip install 'sgn-sciml[studies]'",
    "data make burgers-r10": "sgn data needs tqdm: pip install 'sgn-sciml[data]'",
    "fit --config burgers_pin": "no configuration burgers_pin; did you mean burgers_pinn",
}


def test_the_core_trains_and_applications_say_what_they_need(plain, tmp_path):
    done = plain.run("-c", GATE, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == SAYS


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_without_its_extra_is_one_line(words, plain, tmp_path):
    done = plain.sgn(*words.split(), folder=tmp_path)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"sgn: error: {COMMANDS[words]}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", ["configs", "configs show burgers_pinn", "--version", "--help"])
def test_what_needs_no_extra_runs(words, plain, tmp_path):
    done = plain.sgn(*words.split(), folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
