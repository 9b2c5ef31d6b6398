"""The ``sgn data`` command: make, inspect, convert and fetch data files."""

import argparse
from collections.abc import Sequence
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from sgn_sciml.app.dialect import hyphenated, settings_as_words
from sgn_sciml.benchmark_data.fetch import add_fetch_parser
from sgn_sciml.laws import LAWS

if TYPE_CHECKING:
    from sgn_sciml.layouts import Source

__all__ = ["data_command"]

Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

EPILOG = """\
--config FILE.yaml takes options from a file: n: 1000, res: 85

examples:
  sgn data make burgers-r10                              # 1200 samples in some seconds
  sgn data make darcy --res 85 --grid 421 -o data/darcy_421.h5
  sgn data make wave-reference                           # what configs/wave_pinn.yaml asks for
  sgn data make reference --config own.yaml              # of any problem, solved to 1e-9
  sgn data make samples --config samples/burgers -n 1000 # of any problem, drawn and solved
  sgn data inspect data/burgers-r10.h5
  sgn data convert a=data/*.npy u=model/*.npy -o pairs.h5
"""
SCHEMA = {
    "axes": "name the axes of a field where the file does not, in the order of storage: "
    "'u=sample time x' of sample, time, x, y, z, component, or - for one of length 1 to leave out",
    "fields": "call an array a field: u=results/velocity",
    "coordinates": "call an array a coordinate: x=grid/x",
    "parameters": "call an array a constant, of all samples or each: nu=viscosity",
}


def data_command(args: Sequence[str]) -> None:
    """Run ``sgn data ...``."""
    words = hyphenated(settings_as_words(args))
    parser = argparse.ArgumentParser(
        prog="sgn data",
        description="Make, inspect, convert and fetch data files.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    _add_make(verbs, references="make" in args and not LAWS.keys() & set(args))
    _add_inspect(verbs)
    _add_convert(verbs)
    add_fetch_parser(verbs)
    _add_resolve(verbs)
    options = parser.parse_args(words)
    options.run(options)


def _add_make(verbs: Verbs, references: bool) -> None:
    make = verbs.add_parser("make", help="make a data file from its law")
    laws = make.add_subparsers(required=True, metavar="LAW")
    if references:  # their problems need torch, which takes a second to import
        from sgn_sciml.benchmark_data.references import add_reference_parsers

        add_reference_parsers(laws)
    for name, law in LAWS.items():
        parser = laws.add_parser(
            name,
            help=law.about,
            description=f"{law.about}. The same seed gives the same samples, however many are "
            "made and by however many workers; an interrupted run goes on where it was.",
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        )
        parser.add_argument(
            "-o", "--output", type=Path, default=Path(f"data/{name}.h5"), help="file to write"
        )
        parser.add_argument("-n", "--n", type=int, default=1200, help="number of samples")
        parser.add_argument("--seed", type=int, default=0, help="seed of the samples")
        for option in fields(law):
            parser.add_argument(
                f"--{option.name.replace('_', '-')}",
                dest=option.name,
                type=type(option.default),
                default=option.default,
                help=option.metadata["help"],
            )
        _add_making(parser)
        parser.set_defaults(run=_make, law=law)


def _add_making(parser: argparse.ArgumentParser) -> None:
    """Options of everything that is made sample by sample."""
    parser.add_argument("--workers", type=int, default=0, help="processes (0: every core)")
    parser.add_argument(
        "--dtype", choices=("float32", "float64"), default="float32", help="stored type"
    )
    parser.add_argument("--force", action="store_true", help="replace a different file")
    parser.add_argument(
        "--restart", action="store_true", help="throw away the parts of an unfinished, other file"
    )


def _making(options: argparse.Namespace) -> dict[str, Any]:
    return {name: getattr(options, name) for name in ("workers", "dtype", "force", "restart")}


def _add_inspect(verbs: Verbs) -> None:
    inspect = verbs.add_parser(
        "inspect",
        help="say what is in a data file of any layout",
        description="Say what is in a data file: layout, shapes, chunks, coordinates, constants, "
        "whether it obeys its law; and draw samples and spectra.",
    )
    _add_reading(inspect)
    inspect.add_argument(
        "--figure", type=Path, help="PNG to write (default: FILE.png beside the file)"
    )
    inspect.add_argument("--no-figure", action="store_true", help="write none")
    inspect.add_argument("--no-check", action="store_true", help="do not check the law")
    inspect.set_defaults(run=_inspect)


def _add_reading(parser: argparse.ArgumentParser) -> None:
    """What is read, and how."""
    parser.add_argument(
        "file",
        nargs="+",
        help="a file or folder; several, or a pattern 'runs/*.h5', are samples one after the "
        "other; fields may have files of their own: a=data/*.npy u=model/*.npy",
    )
    for option, what in SCHEMA.items():
        parser.add_argument(
            f"--{option}", action="append", default=[], metavar="NAME=...", help=what
        )


def _read(options: argparse.Namespace) -> "Source":
    from sgn_sciml.layouts import Schema, open_source
    from sgn_sciml.layouts.joined import paths_of
    from sgn_sciml.layouts.schema import names_from_text

    schema = Schema(**{name: names_from_text(getattr(options, name)) for name in SCHEMA})
    return open_source(paths_of(options.file), schema)


def _add_convert(verbs: Verbs) -> None:
    parser = verbs.add_parser(
        "convert",
        help="write files of any layout as one of ours",
        description="Write what files of any layout hold as one HDF5 file that says what it is: "
        "axes, coordinates, constants; compressed, with checksums; for xarray and netCDF, too.",
    )
    _add_reading(parser)
    parser.add_argument("-o", "--output", type=Path, required=True, help="HDF5 file to write")
    parser.add_argument("--force", action="store_true", help="replace a file that is there")
    parser.set_defaults(run=_convert)


def _convert(options: argparse.Namespace) -> None:
    from sgn_sciml.benchmark_data.convert import convert

    with closing(_read(options)) as source:
        path = convert(source, options.output, options.force)
    _tell(path)


def _tell(path: Path) -> None:
    """Print what is in a file of ours."""
    from sgn_sciml.benchmark_data.inspect import summary
    from sgn_sciml.layouts import open_source

    with closing(open_source(path)) as source:
        print(summary(source))


def _inspect(options: argparse.Namespace) -> None:
    from sgn_sciml.layouts.volumes.opening import summary as volume_summary

    if len(options.file) == 1 and (text := volume_summary(Path(options.file[0]))) is not None:
        print(text)
        return
    with closing(_read(options)) as source:
        _show(source, options)


def _show(source: "Source", options: argparse.Namespace) -> None:
    from sgn_sciml.benchmark_data.inspect import draw, summary
    from sgn_sciml.benchmark_data.lawcheck import check_law

    print(summary(source))
    check = None if options.no_check else check_law(source)
    if check is not None:
        print("\n".join(f"{'law' if i == 0 else '':11}{x}" for i, x in enumerate(check.lines())))
    elif not options.no_check:
        print(f"{'law':11}no law here to check it against")
    if not options.no_figure:
        own = source.path.name if len(source.files) == 1 else source.name
        path = options.figure or source.files[0].with_name(f"{own}.png")
        try:
            draw(source, path)
        except (ValueError, OSError) as error:  # what is known of the file was said above
            print(f"{'figure':11}none: {error}")
        else:
            print(f"{'figure':11}{path}")


def _add_resolve(verbs: Verbs) -> None:
    resolve = verbs.add_parser(
        "resolve-darcy",
        help="solve PDEBench's Darcy flow for its steady state",
        description="Solve for the steady state of every coefficient in a PDEBench Darcy file, "
        "whose own target is a transient, stopped early, from a random start that is not stored.",
    )
    resolve.add_argument("file", type=Path)
    resolve.add_argument(
        "-o", "--output", type=Path, help="HDF5 file to write (default: FILE_steady.h5)"
    )
    resolve.add_argument("-n", "--n", type=int, help="number of samples (default: all)")
    _add_making(resolve)
    resolve.set_defaults(run=_resolve)


def _resolve(options: argparse.Namespace) -> None:
    from sgn_sciml.benchmark_data.make import make
    from sgn_sciml.benchmark_data.steady_darcy import ResolvedDarcy

    law = ResolvedDarcy(str(options.file))
    samples = law.source.num_samples if options.n is None else options.n
    if samples > law.source.num_samples:
        raise ValueError(f"{options.file} has {law.source.num_samples} samples, not {samples}")
    output = options.output or options.file.with_name(f"{options.file.stem}_steady.h5")
    path = make(law, output, samples, **_making(options))
    _tell(path)
    print(f"{'target':11}up to {law.distance(4):.1e} away from the steady state (4 samples)")


def _make(options: argparse.Namespace) -> None:
    from sgn_sciml.benchmark_data.make import make

    law = options.law(**{f.name: getattr(options, f.name) for f in fields(options.law)})
    path = make(law, options.output, options.n, options.seed, **_making(options))
    _tell(path)
