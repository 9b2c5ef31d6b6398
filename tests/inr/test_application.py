"""What signals add to a run."""

import pytest
import torch
from jsonargparse import Namespace

from sgn_sciml.inr import INR, Signal, SignalWriter
from sgn_sciml.inr.application import Fitting
from sgn_sciml.pinn import SolutionData

SOUND = Signal(torch.rand(2, 50), "audio", -1.0, 1.0, ("t",))


def configured(**more):
    network = Namespace(init_args=Namespace(in_features=7, out_features=7, **more))
    return Namespace(init_args=Namespace(network=network))


def sizes(part):
    return part.init_args.in_features, part.init_args.get("out_features")


def test_it_is_the_application_of_tasks_that_fit_signals():
    assert isinstance(INR.application, Fitting)
    assert INR.application.data_first


@pytest.mark.parametrize("more", [{}, {"encoding": None}])
def test_the_network_takes_its_sizes_from_the_signal(more):
    model = configured(**more)
    Fitting().complete(model, SOUND)
    assert sizes(model.init_args.network) == (1, 2)


def test_an_encoding_sees_the_axes_too():
    encoding = Namespace(init_args=Namespace(in_features=7))
    model = configured(encoding=encoding)
    Fitting().complete(model, SOUND)
    assert sizes(model.init_args.network) == (1, 2)
    assert sizes(encoding) == (1, None)


def test_other_data_leave_the_configuration_as_it_is():
    model = configured()
    Fitting().complete(model, SolutionData())
    assert sizes(model.init_args.network) == (7, 7)


def test_what_is_predicted_goes_to_files_named_after_one(tmp_path):
    (writer,) = Fitting().writers(tmp_path / "predictions.h5")
    assert isinstance(writer, SignalWriter)
    assert writer.path == tmp_path / "predictions.h5"


def test_rows_are_those_of_the_test():
    assert Fitting().rows({"test": {"test/psnr": 30.0}}) == [("PSNR", "30.00 dB")]
    assert Fitting().rows({}) == []
