"""The page of ``examples``: every command of a newcomer's path, as typed, in an empty folder."""

import re
import shlex
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

PAGE = (ROOT / "examples" / "README.md").read_text()
BLOCKS = re.findall(r"```(sh|python|yaml)\n(.*?)```", PAGE, re.DOTALL)
PINN = ["--trainer.max_steps", 3, "--data.num_points", 30]
PINN += ["--data.reference.init_args.tolerance", 1e-3]
SHORT = {
    "heat.yaml": PINN,
    "product.yaml": PINN,
    "mine.yaml": ["--trainer.max_steps", 3, "--trainer.val_check_interval", 1],
}
QUICK = ["--trainer.accelerator", "cpu", "--trainer.enable_progress_bar", "false"]


@pytest.fixture
def empty(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path
    for name in ("heat", "product"):
        sys.modules.pop(name, None)


def test_every_command_of_the_page_runs_in_its_order(empty, sgn):
    run = []
    for language, text in BLOCKS:
        if language == "python":
            exec(compile(text, "page", "exec"), {})
        elif language == "yaml":
            name = text.splitlines()[0].removeprefix("# ")
            Path(name).write_text(text)
        else:
            for line in text.splitlines():
                program, *words = shlex.split(line, comments=True)
                assert program == "sgn"
                if words[0] in ("fit", "test", "predict"):
                    words += [*SHORT[words[2]], *QUICK]
                code, _, err = sgn(*words)
                assert code == 0, f"{line}\n{err}"
                run.append(words[0])
    assert run.count("fit") == run.count("test") == 4
    for name in ("heat", "both", "product", "mine"):
        assert list(Path("runs", name, "version_0", "figures").glob("*.png")), name
