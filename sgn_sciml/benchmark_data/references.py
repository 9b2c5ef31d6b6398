"""``sgn data make <problem>-reference``: the solution of a problem on a grid, as a file.

The flags are the constants of the problem, explained by its docstring, and a size per coordinate.
"""

import argparse
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeAlias, get_args, get_type_hints

from docstring_parser import parse

from sgn_sciml.benchmark_data.solution import reference
from sgn_sciml.layouts.grid_fields import write_grid
from sgn_sciml.pde import PROBLEMS, Problem
from sgn_sciml.pde.problem import reference_name

__all__ = ["add_reference_parsers"]

Laws: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_reference_parsers(laws: Laws) -> None:
    """Add a command for every problem.

    Args:
        laws: Where to add them.
    """
    for law, problem in PROBLEMS.items():
        about = parse(problem.__doc__ or "")
        parser = laws.add_parser(
            reference_name(law),
            help=f"reference of configs/{law}_pinn.yaml",
            description=about.short_description,
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        )
        output = Path(f"data/{law}_reference.h5")
        parser.add_argument("-o", "--output", type=Path, default=output, help="file to write")
        explained = {p.arg_name: (p.description or "").replace("%", "%%") for p in about.params}
        hints = get_type_hints(problem)
        for constant in fields(problem):
            name, kind = constant.name, hints[constant.name]
            several: dict[str, Any] = {"nargs": "+"} if get_args(kind) else {}
            parser.add_argument(
                f"--{name.replace('_', '-')}",
                dest=name,
                type=(*get_args(kind), kind)[0],
                default=constant.default,
                help=" ".join(explained[name].split()),
                **several,
            )
        for name, size in zip(problem.coordinates, problem.grid, strict=True):
            points = f"points in {name}" + ", both ends included" * (name not in problem.periodic)
            parser.add_argument(f"--n{name}", type=int, default=size, help=points)
        parser.set_defaults(run=_make, problem=problem)


def _make(options: argparse.Namespace) -> None:
    kind: type[Problem] = options.problem
    given = {f.name: getattr(options, f.name) for f in fields(kind)}
    problem = kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in given.items()})
    shape = tuple(getattr(options, f"n{name}") for name in problem.coordinates)
    path = write_grid(options.output, reference(problem, shape))
    size = f"{path.stat().st_size / 1024:.0f} KB"
    constants = ", ".join(f"{name} = {value}" for name, value in problem.parameters.items())
    print(f"wrote {path} ({size}): {kind.__name__}, {constants}")
