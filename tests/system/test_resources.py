"""Processors and memory, also where the platform does not say."""

import os

import pytest

from sgn_sciml.system import resources
from sgn_sciml.system.resources import available_cores, physical_memory, refuse_too_large


def test_cores_are_those_that_this_process_may_use(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {1, 4, 5}, raising=False)
    assert available_cores() == 3


@pytest.mark.parametrize(("count", "expected"), [(6, 6), (None, 1)])
def test_cores_are_all_where_there_is_no_affinity(count, expected, monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: count)
    assert available_cores() == expected


def test_memory_is_pages_times_their_size(monkeypatch):
    sizes = {"SC_PHYS_PAGES": 1000, "SC_PAGE_SIZE": 4096}
    monkeypatch.setattr(os, "sysconf", sizes.get, raising=False)
    assert physical_memory() == 4_096_000


def test_memory_is_unknown_where_the_platform_does_not_say(monkeypatch):
    monkeypatch.delattr(os, "sysconf", raising=False)
    assert physical_memory() is None
    refuse_too_large((10**6, 10**9), 8, "")  # who knows


def test_what_memory_cannot_hold_is_refused_before_it_is_made(monkeypatch):
    monkeypatch.setattr(resources, "physical_memory", lambda: 2**32)
    refuse_too_large((2**15, 2**14), 8, "")
    expected = r"^32768 x 16385 values need about 4 GB of memory, this machine has 4 GB: less$"
    with pytest.raises(ValueError, match=expected):
        refuse_too_large((2**15, 2**14 + 1), 8, "less")
