"""Every Python block of README and site runs as it stands; its training is cut to two steps."""

import sys

import lightning.pytorch
import pytest
from lightning.pytorch import Trainer

from tests.conftest import ROOT
from tests.docs.pages import PAGES, blocks, name

WITH_PYTHON = [page for page in PAGES if any(blocks(page, "python"))]


class Short(Trainer):
    """A Trainer of two steps and one batch of each other kind."""

    def __init__(self, **settings):
        cut = {"max_steps": 2, "limit_val_batches": 1, "limit_test_batches": 1}
        quiet = {"enable_progress_bar": False, "enable_model_summary": False}
        super().__init__(**(settings | cut | quiet))


def test_there_are_blocks():
    assert len(WITH_PYTHON) >= 10


@pytest.mark.parametrize("page", WITH_PYTHON, ids=name)
def test_python_of_a_page_runs_in_its_order(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").symlink_to(ROOT / "data")
    monkeypatch.setattr(lightning.pytorch, "Trainer", Short)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    namespace = {"__name__": "page"}
    for number, text in enumerate(blocks(page, "python")):
        exec(compile(text, f"{name(page)}, block {number}", "exec"), namespace)
