"""Functions around forks."""

import os
import subprocess
import sys

import pytest

from sgn_sciml.system.forks import around_forks

CODE = """
import os
from sgn_sciml.system.forks import around_forks
said = []
around_forks(lambda: said.append("before"), lambda: said.append("after"))
child = os.fork()
if child:
    os.waitpid(child, 0)
print(os.getpid() != child, said, flush=True)
os._exit(0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes do not fork here")
def test_both_processes_are_told():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["True ['before', 'after']"] * 2


def test_where_processes_do_not_fork_nothing_is_called(monkeypatch):
    monkeypatch.delattr(os, "register_at_fork", raising=False)
    around_forks(lambda: 1 / 0, lambda: 1 / 0)
