import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from sgn_sciml.metrics import MaxError, RelativeH1, RelativeL2, SpectralError

SHARES = {"uneven": [[3, 2], [1]], "empty": [[3, 2, 1], []]}  # batch sizes of each process


def make():
    return {
        "l2": RelativeL2(),
        "l2_per_sample": RelativeL2(per_sample=True),
        "max": MaxError(),
        "h1": RelativeH1(periodic=True),
        "spectral": SpectralError("even", max_wavenumber=12),
    }


def fields():
    return torch.randn(2, 6, 1, 32, generator=torch.Generator().manual_seed(0))


def values(metrics):
    """All results, flat; the spectrum is read first, and must leave the states as they were."""
    spectrum = metrics["spectral"].spectrum()
    results = {name: metric.compute() for name, metric in metrics.items()}
    results.update(results.pop("spectral"), error=spectrum.error, target=spectrum.target)
    return results


def process(rank, folder):
    torch.set_num_threads(1)
    dist.init_process_group("gloo", f"file://{folder}/meet", rank=rank, world_size=2)
    results = {}
    for case, (first, second) in SHARES.items():
        start = (0, sum(first))[rank]
        metrics = make()
        for size in (first, second)[rank]:
            for metric in metrics.values():
                metric.update(*fields()[:, start : start + size])
            start += size
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
    for metric in metrics.values():
        metric.update(*fields())
    expected = values(metrics)
    for results in distributed:
        for case in SHARES:
            torch.testing.assert_close(results[case], expected, rtol=1e-12, atol=0)
