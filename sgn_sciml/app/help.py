"""The text of ``sgn --help``; light, so that it comes at once."""

__all__ = ["COMMANDS", "HELP", "print_training_help"]

HELP = """\
sgn: spectral gating networks for scientific machine learning

usage: sgn COMMAND [options]

  sgn fit --config FILE.yaml              train; writes runs/<name>/version_k/
  sgn test --config FILE.yaml             measure the best checkpoint against the reference
  sgn validate --config FILE.yaml         the same metrics, without table or card
  sgn predict --config FILE.yaml          write the predicted fields to HDF5
  sgn each FOLDER --config FILE.yaml      fit and test every file of a folder: one table, means
  sgn ensemble --seeds 0,1,2 --config FILE    train and test from several seeds: mean and spread
  sgn march --windows N --config FILE     solve in windows of time, one after another
  sgn stages --stages N --config FILE     solve, then fit what is missing, N networks in all
  sgn solve --tolerance X --config FILE   solve by local least squares, untrained, to an error
  sgn export --config RUN/config.yaml     write a fitted signal's network as files, with their size
  sgn study run --config FILE.yaml        run a grid of small experiments; status, report
  sgn new equation NAME                   begin one of your own; or a network, activation, dataset
  sgn configs                             list the configurations that are shipped; show, copy
  sgn data make LAW -o FILE.h5            make a data file from its law
  sgn data make samples --config FILE     make an ensemble of any problem, each sample solved
  sgn data inspect FILE                   say what is in a data file, of any layout
  sgn data fetch NAME                     download an official benchmark file
  sgn --version

`sgn COMMAND --help` explains a command. FILE may be the name of a shipped configuration. Options
may be written with hyphens or underscores.
"""

TRAINING_HELP = """\
usage: sgn {command} --config FILE.yaml [--key value ...]

{what}

  --config FILE          configuration, or the name of a shipped one (`sgn configs` lists them);
                         given twice, the later file wins where they differ
  --ckpt-path WORD       {ckpt}
  --name NAME            name of the run (default: the configuration's file name)
  --runs FOLDER          folder of all runs (default: runs)
  --seed-everything N    seed of weights and points
  --budget N|TIME        steps or time of training: 300, 90s, 5m, 1h
  --threads N            CPU threads (default: torch's choice)
  --print-config         print the resolved configuration and stop

Any key of the configuration can be set on the command line:

  --model.network.init_args.width 64     --trainer.max_steps 500
  --data.init_args.path FILE.h5          --trainer.accelerator gpu

  --model.help PINN      the options of a task      --data.help Collocation     of a data module
  --trainer.help         those of Lightning's Trainer

A configuration is code: it names classes, and what it names is imported and run. Read one that
comes from somebody else before you use it.

Values in a checkpoint win over the configuration for the model (not for the trainer or the data).
SGN_TRACEBACK=1 shows the full traceback of an error. What can be configured, by name:

"""

COMMANDS = {
    "fit": (
        "Train a task.",
        "'last' resumes a killed run, bit for bit, in its own folder",
    ),
    "validate": ("Evaluate on the validation data.", "'best' (default), 'last' or a file"),
    "test": (
        "Measure against the reference; prints the table and completes the run's card.",
        "'best' (default), 'last' or a file",
    ),
    "predict": ("Write predicted fields to predictions.h5.", "'best' (default), 'last' or a file"),
}


def print_training_help(command: str) -> None:
    """Explain a training command; its text comes first, for the classes take seconds to import."""
    what, ckpt = COMMANDS[command]
    print(TRAINING_HELP.format(command=command, what=what, ckpt=ckpt), end="", flush=True)
    from sgn_sciml.app.registry import class_list

    print(class_list())
