"""Worker processes for solvers: one thread each, gone when their parent is."""

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from sgn_sciml.system.resources import available_cores

__all__ = ["worker_processes"]

MOST = 61 if os.name == "nt" else 1000  # Windows waits for no more processes at once
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@contextmanager
def worker_processes(count: int = 0) -> Iterator[ProcessPoolExecutor]:
    """A pool of processes with one thread each, so that no sum depends on how many there are.

    When the block ends by an error or Ctrl-C, work in progress is not waited for.

    Args:
        count: Number of processes; 0 takes every core this process may use.

    Raises:
        OSError: If a worker was killed.
    """
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(
        min(count or available_cores(), MOST), multiprocessing.get_context("spawn"), _prepare
    )
    old = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))  # read by the libraries when a process starts
    try:
        yield pool
    except BrokenProcessPool as error:
        raise OSError("a worker process died, perhaps for lack of memory; run it again") from error
    finally:
        for name, value in old.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        pool.shutdown(wait=False, cancel_futures=True)
        for child in set(multiprocessing.active_children()) - before:
            child.terminate()


def _prepare() -> None:
    """Leave Ctrl-C to the parent, and do not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
