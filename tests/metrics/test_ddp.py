import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from sgn_sciml.metrics import (
    VRMSE,
    ConformalBand,
    Conservation,
    MaxError,
    PDEBenchErrors,
    RelativeH1,
    RelativeL2,
    SampleErrors,
    SpectralError,
)

BATCHES = (slice(0, 3), slice(3, 5), slice(5, 6))
SHARES = {  # of each process
    "uneven": (BATCHES[:2], BATCHES[2:]),
    "reversed": (BATCHES[2:], BATCHES[:2]),
    "empty": (BATCHES, ()),
}


class Mean(Conservation):
    def update(self, pred, target):
        super().update(pred, target, target.abs())


def make():
    return {
        "l2": RelativeL2(),
        "l2_per_sample": RelativeL2(per_sample=True),
        "max": MaxError(),
        "h1": RelativeH1(periodic=True),
        "spectral": SpectralError("even", max_wavenumber=12),
        "samples": SampleErrors(),
        "vrmse": VRMSE(),
        "pdebench": PDEBenchErrors(),
        "pdebench_compat": PDEBenchErrors(compat=True),
        "conformal": ConformalBand(level=0.5),
        "conservation": Mean(),
    }


def update(metrics, fields):
    """A batch for all; the bands are calibrated by the same process with as many samples."""
    for metric in metrics.values():
        metric.update(*fields)
    pred, target = fields
    metrics["conformal"].calibrate(target, pred + 0.1 * target)


def fields():
    return torch.randn(2, 6, 1, 32, generator=torch.Generator().manual_seed(0))


def values(metrics):
    """All results; details are read first, and must leave the states as they were."""
    spectrum = metrics["spectral"].spectrum()
    details = [spectrum.error, spectrum.target, metrics["samples"].errors().sort().values]
    details += metrics["conformal"].bands()
    return {"details": details, **{name: metric.compute() for name, metric in metrics.items()}}


def process(rank, folder):
    torch.set_num_threads(1)
    dist.init_process_group("gloo", f"file://{folder}/meet", rank=rank, world_size=2)
    results = {}
    for case, shares in SHARES.items():
        metrics = make()
        for batch in shares[rank]:
            update(metrics, fields()[:, batch])
        results[case] = values(metrics)
    torch.save(results, f"{folder}/{rank}.pt")
    dist.destroy_process_group()


@pytest.fixture(scope="module")
def distributed(tmp_path_factory):
    """Results of two processes, by rank."""
    folder = str(tmp_path_factory.mktemp("ddp"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GLOO_SOCKET_IFNAME", "lo")
        patch.setenv("PYTHONWARNINGS", "ignore")
        mp.spawn(process, (folder,), nprocs=2)
    return [torch.load(f"{folder}/{rank}.pt", weights_only=True) for rank in (0, 1)]


def test_two_processes_give_what_one_gives(distributed):
    metrics = make()
    for batch in BATCHES:
        update(metrics, fields()[:, batch])
    expected = values(metrics)
    for results in distributed:
        for case in SHARES:
            torch.testing.assert_close(results[case], expected, rtol=1e-12, atol=0)
