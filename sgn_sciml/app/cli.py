"""The ``sgn`` command: light to start; Lightning is imported only by the commands that train."""

import os
import re
import sys
from collections.abc import Sequence

__all__ = ["main"]

HELP = """\
sgn: spectral gating networks for scientific machine learning

usage: sgn COMMAND [options]

  sgn fit --config FILE.yaml         train; writes runs/<name>/version_k/
  sgn test --config FILE.yaml        measure the best checkpoint against the reference
  sgn validate --config FILE.yaml    the same metrics, without table or card
  sgn predict --config FILE.yaml     write the predicted fields to HDF5
  sgn ensemble SEEDS --config FILE   train and test from several seeds: mean and spread
  sgn march --windows N --config FILE    solve in windows of time, one after another
  sgn stages N --config FILE         solve, then fit what is missing, N networks in all
  sgn export RUN                     write a fitted signal's network as files, with their size
  sgn study run FILE.yaml            run a grid of small experiments; status, report
  sgn data make LAW -o FILE.h5       make a data file from its law
  sgn data inspect FILE              say what is in a data file, of any layout
  sgn data fetch NAME                download an official benchmark file
  sgn --version

`sgn COMMAND --help` explains a command. `configs/` holds the experiments that are shipped.
"""

TRAINING_HELP = """\
usage: sgn {command} --config FILE.yaml [--key value ...]

{what}

  --config FILE          configuration; given twice, the later file wins where they differ
  --ckpt_path WORD       {ckpt}
  --name NAME            name of the run (default: the configuration's file name)
  --runs FOLDER          folder of all runs (default: runs)
  --seed_everything N    seed of weights and points
  --budget N|TIME        steps or time of training: 300, 90s, 5m, 1h
  --threads N            CPU threads (default: torch's choice)
  --print_config         print the resolved configuration and stop

Any key of the configuration can be set on the command line:

  --model.network.init_args.width 64     --trainer.max_steps 500
  --data.init_args.path FILE.h5          --trainer.accelerator gpu

What can be configured:

  --model.help PINN              the options of a task (PINN, Operator, INR)
  --data.help Collocation        the options of a data module (Collocation, OperatorData;
                                 signals: ImageData, AudioData, VolumeData, FieldData)
  --trainer.help                 the options of Lightning's Trainer
  networks      CoordinateMLP; operators: FNO, TFNO, UNO, TransformOnce, GalerkinTransformer;
                around an operator: Gated, Boosted, Refined
  activations   SpectralGate, Kaf, Elementwise, Sine, Spder, Finer, FinerGaussian, FinerGabor,
                Snake, Fan, Gabor, ComplexGabor, Gaussian, Cauchy, PiNet, GroupRational, Mixture
  KANs          Spline (boundary: Vanish, Straight, Polynomial, Reflect, Periodic, HandOver),
                FourierKan, Chebyshev; as encoding: ActivationEncoding
  encodings     GaussianFourierFeatures, LearnableFourierFeatures, PositionalEncoding,
                PeriodicEncoding, HashGrid; around one with frequencies: Progressive
  signals       what is known: Samples, Gradients, LineIntegrals; points of a step: Whole,
                RandomPoints, CoarseToFine, ErrorDriven; shapes: Torus, Sphere, Gyroid, Bracket
  problems      Poisson, Poisson2D, Helmholtz, Darcy, Cavity; in time: Burgers, AllenCahn,
                KdV, KuramotoSivashinsky, Advection, Wave, ReactionDiffusion
  losses        L2, FrameL2, H1, MSE, Sobolev
  optimisers    torch.optim.*, MuonAdam, GroupAdam, Phases, SSBroyden, SSBFGS,
                LevenbergMarquardt, pytorch_optimizer.SOAP
  schedules     OneCycle, Cosine, Linear, Exponential, StepDecay
  PINNs         balance of loss terms: GradientNorm, NTK; weights of points: Causal,
                ResidualAttention; points that follow the residual: ResidualAdaptive, RAR, R3
  callbacks     GateEvolution, SpectralErrorMap, FieldFigures, OperatorFigures, SignalFigures,
                EMAWeightAveraging, FollowData (grids of splines), ProgressiveFrequencies

Values in a checkpoint win over the configuration for the model (not for the trainer or the data).
SGN_TRACEBACK=1 shows the full traceback of an error.
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


def run(args: Sequence[str]) -> None:
    """Run one command line; errors of the user are raised as ValueError or OSError."""
    if not args or args[0] in ("-h", "--help", "help"):
        print(HELP, end="")
    elif args[0] == "--version":
        from sgn_sciml import __version__

        print(f"sgn-sciml {__version__}")
    elif args[0] == "data":
        from sgn_sciml.app.data_command import data_command

        data_command(args[1:])
    elif args[0] == "export":
        from sgn_sciml.app.export_command import export_command

        export_command(args[1:])
    elif args[0] == "ensemble":
        from sgn_sciml.app.ensemble import ensemble_command

        ensemble_command(args[1:])
    elif args[0] == "march":
        from sgn_sciml.app.march import march_command

        march_command(args[1:])
    elif args[0] == "stages":
        from sgn_sciml.app.stages import stages_command

        stages_command(args[1:])
    elif args[0] == "study":
        from sgn_sciml.app.study_command import study_command

        study_command(args[1:])
    elif args[0] in COMMANDS:
        if {"-h", "--help"} & set(args[1:]) or not args[1:]:
            what, ckpt = COMMANDS[args[0]]
            print(TRAINING_HELP.format(command=args[0], what=what, ckpt=ckpt), end="")
            return
        from sgn_sciml.app.training import train

        train(args)
    else:
        known = ", ".join([*COMMANDS, "ensemble", "march", "stages", "study", "export"])
        raise ValueError(f"no command {args[0]!r}; there are {known} and data")


def readable(message: str) -> str:
    """The part of a parser's message that names the mistake, without dumps of values."""
    text = " ".join(message.split())
    text = re.split(r"(?:- )?Expected a <class 'NoneType'>", text)[0]  # "... nor is it null"
    text = re.sub(
        r"Does not validate against any of the Union subtypes.*?Errors: (?:- )?", "", text
    )
    text = re.sub(r"Expected a path but \S+ either not accessible or invalid ", "", text)
    text = re.sub(r" Got value: Namespace\(.*", "", text)
    return text.strip()


def main(args: Sequence[str] | None = None) -> int:
    """Run the command line; an error of the user is one line and exit code 1 or 2.

    Args:
        args: Words of the command line; those of the process when None.

    Returns:
        The exit code.
    """
    try:
        run(sys.argv[1:] if args is None else args)
    except (ValueError, OSError) as error:
        if os.environ.get("SGN_TRACEBACK"):
            raise
        print(f"sgn: error: {readable(str(error))}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("sgn: interrupted", file=sys.stderr)
        return 130
    return 0
