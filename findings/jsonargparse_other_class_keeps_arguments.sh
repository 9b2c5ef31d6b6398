#!/bin/sh
# jsonargparse 4.53.0: naming another class for an argument keeps equal-named arguments of the
# class that was the default. The new class then does not start from its own defaults, and nothing
# says so: no error, no warning. One would guess that `class_path: Sine` alone means `Sine()`.
#
# Here `Gate(scale=0.78)` is the default activation and `Sine` has `scale=30.0`. A configuration
# that says `class_path: Sine` and nothing else gets Sine(scale=0.78). It matters for every
# LightningCLI configuration that swaps one layer, optimiser or schedule for another.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check "jsonargparse[signatures]==4.53.0"
cat > "$folder/swap.py" <<'PY'
from jsonargparse import ArgumentParser, lazy_instance


class Activation:
    """Base class."""


class Gate(Activation):
    def __init__(self, scale: float = 0.78):
        self.scale = scale


class Sine(Activation):
    def __init__(self, scale: float = 30.0):
        self.scale = scale


class Network:
    def __init__(self, activation: Activation = lazy_instance(Gate)):
        self.activation = activation


parser = ArgumentParser(exit_on_error=False)
parser.add_class_arguments(Network, "network")
asked = {"network": {"activation": {"class_path": "__main__.Sine"}}}
made = parser.instantiate(parser.parse_object(asked)).network.activation
print(type(made).__name__, made.scale, "its own default is", Sine().scale)
PY
seen=$("$folder/venv/bin/python" -W error "$folder/swap.py")
echo "$seen"
[ "$seen" = "Sine 0.78 its own default is 30.0" ]
