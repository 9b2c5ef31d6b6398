"""Former paths of modules, which configurations and checkpoints of version 0.1 still name.

An import of ``sgn_sciml.tasks.losses`` gives a module that looks names up where they are now, and
warns once per process. To be removed in the release after the next.
"""

import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

__all__ = ["FORMER", "former_names", "install", "renamed"]

ROOT = "sgn_sciml."


def _within(old: str, new: str, names: str) -> dict[str, tuple[str, ...]]:
    """Modules of one folder that are in another one, under their own names or ``old=new``."""
    pairs = (word.partition("=")[::2] for word in names.split())
    return {f"{old}.{a}": (f"{new}.{b or a}",) for a, b in pairs}


FORMER: dict[str, tuple[str, ...]] = {
    "cli": ("app.cli",),
    "machine": ("system.machine",),
    "training": ("app.training",),
    "data": ("pinn", "operators", "inr", "layouts"),
    "tasks": ("pinn", "operators", "inr", "runs"),
    "networks.operators": ("operators.networks",),
    "commands": ("app", "benchmark_data", "inr.export"),
    **_within("commands", "app", "data=data_command export=export_command"),
    **_within("commands", "benchmark_data", "catalog fetch inspect lawcheck make references"),
    **_within("commands", "benchmark_data", "transfer web workers resolve=steady_darcy"),
    **_within("commands", "benchmark_data", "part=partial_file parts=blocks"),
    **_within("commands", "inr.export", "exporting=files fitted=fitted_run"),
    **_within("commands", "inr.export", "onnx_file rates weights"),
    **_within("layouts", "layouts", "detect=detection parts=hdf5_items"),
    **_within("callbacks", "runs", "card results table send=loggers"),
    **_within("callbacks", "pinn", "fields=figures"),
    **_within("callbacks", "operators", "operators=figures predictions=writer kept=sample_record"),
    **_within("callbacks", "inr", "media signal_figures=figures signals=writer"),
    **_within("callbacks", "callbacks", "follow=spline_grids"),
    **_within("data", "layouts", "grid=grid_fields"),
    **_within("data", "benchmark_data", "reference=solution"),
    **_within("data", "pinn", "collocation observations resampling sampling"),
    **_within(
        "data", "operators", "batches items normalize=normalizers operator=data pairing splits"
    ),
    **_within("data", "operators", "stores"),
    **_within("data", "inr", "audio images points shapes signals snapshots=fields volumes"),
    **_within("tasks", "runs", "base=task"),
    **_within("tasks", "pinn", "pinn=task solution terms=loss_terms unknowns"),
    **_within("tasks", "pinn.weights", "balancing causal gradient_norm ntk point_weights"),
    **_within("tasks", "pinn.weights", "residual_attention"),
    **_within("pinn", "pinn.weights", "balancing causal gradient_norm ntk point_weights"),
    **_within("pinn", "pinn.weights", "residual_attention"),
    **_within("inr", "inr.files", "image_files=images pixels sound_headers tiff"),
    **_within("tasks", "operators", "operator=task losses rollout symmetries"),
    **_within("tasks", "operators", "operator_tests=evaluation"),
    **_within("tasks", "inr", "inr=task signal=signal_task measurements rendering fidelity"),
    **_within("tasks", "inr", "probe=frequency_probe weighting"),
    **_within(
        "networks.operators",
        "operators.networks",
        "adapter attention boost=boosting convolution fno gated=gating high_pass mode_gate "
        "placement refine=refinement spectral_forms t1 uno weights",
    ),
    **_within("networks", "networks", "continued=windows staged=stages"),
    **_within("networks", "networks", "shrink=narrowing quantize=quantization"),
    **_within("layers", "layers.encodings", "hash_grid progressive"),
    **_within("layers", "layers.waves", "sine snake wavelets complex_wavelets fan"),
    **_within("jets", "jets", "build=compilation fused=kernel_engine nested=derivatives"),
    **_within("pde", "pde", "clamped=stream_functions"),
    **_within("viz", "viz", "pictures=images sounds=audio"),
    **_within("studies", "studies.engine", "build cell execute run settings store study work"),
    **_within("studies", "studies.experiments", "ablation bands blocks cost equal equations"),
    **_within("studies", "studies.experiments", "extrapolation images kernels leaving members"),
    **_within("studies", "studies.experiments", "ntk tones"),
    **_within("studies", "studies.reports", "band_errors cost_maps effects kernel_spectra"),
    **_within("studies", "studies.reports", "learned results scores section shares statistics"),
    **_within("studies", "studies.reports", "report=page"),
}
_told: list[str] = []


def _find(module: str, homes: Sequence[str], name: str) -> Any:
    """What a former module calls ``name``.

    Raises:
        AttributeError: If there is no such thing any more.
    """
    if not name.startswith("__"):
        for home in homes:
            found = getattr(import_module(ROOT + home), name, None)
            if found is not None:
                _tell(f"{module}.{name}", f"{ROOT}{home}.{name}")
                return found
    raise AttributeError(f"module {module!r} has no attribute {name!r}")


def _tell(former: str, now: str) -> None:
    """Warn, the first time in a process, that a path is a former one."""
    if not _told:
        _told.append(former)
        text = f"{former} is {now} now; former paths work for one release"
        # As if the user's own script did it, so that Python's filters show it.
        warnings.warn_explicit(text, DeprecationWarning, "sgn", 0, module="__main__")


def former_names(module: str, *homes: str) -> Callable[[str], Any]:
    """A ``__getattr__`` for a module some of whose names are elsewhere now.

    Args:
        module: Its name.
        homes: Modules to look in, below ``sgn_sciml``.
    """
    return lambda name: _find(module, homes, name)


def renamed(module: str, former: Mapping[str, type]) -> Callable[[str], type]:
    """A ``__getattr__`` for a module some of whose classes have other names now.

    Args:
        module: Its name.
        former: Former name to class.
    """

    def find(name: str) -> type:
        if name not in former:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        _tell(f"{module}.{name}", f"{module}.{former[name].__name__}")
        return former[name]

    return find


class FormerModules(MetaPathFinder, Loader):
    """Finds modules by the paths they had."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """A specification of a former module; None for all others."""
        if fullname.removeprefix(ROOT) not in FORMER or not fullname.startswith(ROOT):
            return None
        return ModuleSpec(fullname, self, is_package=True)

    def exec_module(self, module: ModuleType) -> None:
        """Let its names be looked up."""
        homes = FORMER[module.__name__.removeprefix(ROOT)]
        module.__dict__["__getattr__"] = former_names(module.__name__, *homes)


def install() -> None:
    """Let former paths be imported, after all that exists."""
    if not any(isinstance(finder, FormerModules) for finder in sys.meta_path):
        sys.meta_path.append(FormerModules())
