"""Commands in processes of their own that start at once.

They are forked from a process that has imported everything, instead of importing it for five
seconds each. One process a worker of pytest, started when first asked for.
"""

import os
import sys
from multiprocessing import get_context
from pathlib import Path

import torch
from lightning.pytorch.utilities import rank_zero_only

from sgn_sciml.app.cli import main

CONTEXT = get_context("forkserver")
CONTEXT.set_forkserver_preload(
    [
        *("lightning.pytorch", "sgn_sciml.app.training", "sgn_sciml.callbacks"),
        *(f"sgn_sciml.{name}" for name in ("pinn", "operators", "inr", "local_solver", "studies")),
    ]
)


class Command:
    """``sgn`` with some words in this folder; the part of ``subprocess.Popen`` that tests need.

    Args:
        words: The words after ``sgn``.
        output: Where standard output and error go.
        first: A function of a module that the process calls before, to die at a certain place,
            say, however busy the machine is.
        more: What its environment holds besides.
    """

    def __init__(self, words, output=os.devnull, first=None, **more):
        words = [str(word) for word in words]
        job = (words, Path.cwd(), Path(output).absolute(), first, more)
        self._process = CONTEXT.Process(target=run, args=job)
        self._process.start()

    def poll(self):
        return self._process.exitcode

    def wait(self, timeout=300):
        self._process.join(timeout)
        assert self._process.exitcode is not None, "the command takes too long"
        return self._process.exitcode

    def send_signal(self, number):
        os.kill(self._process.pid, number)

    @property
    def pid(self):
        return self._process.pid

    def kill(self):
        self._process.kill()


def run(words, folder, output, first, more):
    """In the process itself."""
    os.chdir(folder)
    os.environ |= more
    rank_zero_only.rank = int(os.environ.get("RANK", 0))  # read when Lightning was imported
    torch.set_num_threads(1)
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(file, 1)
    os.dup2(file, 2)
    sys.argv = [str(Path(sys.executable).with_name("sgn")), *words]  # what Lightning starts again
    if first is not None:
        first()
    sys.exit(main(words))
