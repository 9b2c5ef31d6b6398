"""What a number was computed with."""

import torch

from sgn_sciml.system import machine


def test_packages_that_are_not_installed_are_left_out(monkeypatch):
    monkeypatch.setattr(machine, "PACKAGES", ("torch", "no-such-package"))
    found = machine.describe_machine(torch.device("cpu"))["packages"]
    assert found == {"torch": torch.__version__}
