"""The ``sgn`` command: light to start; Lightning is imported only by the commands that train."""

import os
import re
import sys
from collections.abc import Sequence

from sgn_sciml.app.help import COMMANDS, HELP, print_training_help
from sgn_sciml.app.words import SOLVED, extra_of, own_folders, resolve_words
from sgn_sciml.system.extras import MissingExtra, needed_by
from sgn_sciml.system.terminal import printable

__all__ = ["main"]

NAMED = (
    *COMMANDS,
    "each",
    "ensemble",
    "march",
    "solve",
    "stages",
)  # their --config may name a shipped file


def run(args: Sequence[str]) -> None:
    """Run one command line; errors of the user are raised as ValueError or OSError."""
    if not args or args[0] in ("-h", "--help", "help"):
        print(HELP, end="")
    elif args[0] == "--version":
        from sgn_sciml.system.names import __version__

        print(f"sgn-sciml {__version__}")
    elif args[0] == "configs":
        from sgn_sciml.app.configs_command import configs_command

        configs_command(args[1:])
    elif args[0] == "new":
        from sgn_sciml.app.new_command import new_command

        new_command(args[1:])
    else:
        if args[0] in NAMED:
            args = resolve_words(args)
            sys.path += [folder for folder in own_folders(args) if folder not in sys.path]
        with needed_by(f"sgn {args[0]}", extra_of(args)):
            run_with_extras(args)


def run_with_extras(args: Sequence[str]) -> None:
    """Run a command that may need packages of an extra."""
    if list(args[:3]) in SOLVED:  # their --config is that of a problem
        if args[2] == "reference":
            from sgn_sciml.app.reference_command import reference_command

            reference_command(args[3:])
        else:
            from sgn_sciml.app.samples_command import samples_command

            samples_command(args[3:])
    elif args[0] == "data":
        from sgn_sciml.app.data_command import data_command

        data_command(args[1:])
    elif args[0] == "export":
        from sgn_sciml.app.export_command import export_command

        export_command(args[1:])
    elif args[0] == "each":
        from sgn_sciml.app.each.command import each_command

        each_command(args[1:])
    elif args[0] == "ensemble":
        from sgn_sciml.app.ensemble import ensemble_command

        ensemble_command(args[1:])
    elif args[0] == "march":
        from sgn_sciml.app.march import march_command

        march_command(args[1:])
    elif args[0] == "solve":
        from sgn_sciml.app.solve_options import parsed

        options = parsed(args[1:])  # before what is slow to import
        from sgn_sciml.app.solve_command import solve_command

        solve_command(options)
    elif args[0] == "stages":
        from sgn_sciml.app.stages import stages_command

        stages_command(args[1:])
    elif args[0] == "study":
        from sgn_sciml.app.study_command import study_command

        study_command(args[1:])
    elif args[0] in COMMANDS:
        if {"-h", "--help"} & set(args[1:]) or not args[1:]:
            print_training_help(args[0])
            return
        from sgn_sciml.app.training import train

        train(args)
    else:
        known = ", ".join(
            [*COMMANDS, "each", "ensemble", "march", "stages", "solve", "study", "export"]
        )
        raise ValueError(f"no command {args[0]!r}; there are {known}, data, new and configs")


def readable(message: str) -> str:
    """The part of a parser's message that names the mistake, without dumps of values."""
    if re.search(
        r"No module|no attribute|import path|accept|unrecognized|returns <|not a file", message
    ):
        from sgn_sciml.app.suggestions import suggested

        if (meant := suggested(message)) is not None:
            return meant
    text = " ".join(message.split())
    text = re.split(r"(?:- )?Expected a <class 'NoneType'>", text)[0]  # "... nor is it null"
    text = re.sub(
        r"Does not validate against any of the Union subtypes.*?Errors: (?:- )?", "", text
    )
    text = re.sub(r"Expected a path but \S+ either not accessible or invalid ", "", text)
    text = re.sub(r" Got value: Namespace\(.*", "", text)
    return printable(text.strip())


def main(args: Sequence[str] | None = None) -> int:
    """Run the command line; an error of the user is one line and exit code 1 or 2.

    Args:
        args: Words of the command line; those of the process when None.

    Returns:
        The exit code.
    """
    try:
        run(sys.argv[1:] if args is None else args)
    except (ValueError, OSError, MissingExtra) as error:
        if os.environ.get("SGN_TRACEBACK"):
            raise
        print(f"sgn: error: {readable(str(error))}", file=sys.stderr)
        return 1
    except Exception as error:  # of a user's equation, network or data, or of a library
        if os.environ.get("SGN_TRACEBACK"):
            raise
        from sgn_sciml.system.blame import explained

        more = "SGN_TRACEBACK=1 in the environment shows where it was raised"
        print(f"sgn: error: {explained(error)} ({more})", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("sgn: interrupted", file=sys.stderr)
        return 130
    return 0
