"""The problems of ``examples/`` in full, one thread each: what is reached, in how many seconds.

``python benchmarks/examples.py run [NAME ...]`` fits and tests each configuration in a process of
its own, one with observations from five seeds (``sgn ensemble``), and keeps a card of it in
``examples/NAME.json``. ``table`` writes ``examples/table.md`` from the cards.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "examples"
SOURCES = Path(__file__).parent.parent / "examples"
SEEDS = "0,1,2,3,4"
WANTED = {  # relative L2, or relative error of an unknown constant
    "heat_2d": 1e-6,
    "fitzhugh_nagumo": 1e-4,
    "plate": 1e-5,
    "poisson_3d": 1e-6,
    "schroedinger": 1e-3,
    "layer": 1e-4,
    "eigenvalue": 1e-6,
    "viscosities": 1e-3,
    "integro_differential": 1e-6,
    "l_shape": 1e-3,
    "two_holes": 1e-3,
}
SGN = "import sys; from sgn_sciml.app.cli import main; sys.exit(main())"
KEPT = ("test/relative_l2", "test/max_error", "test/unknown", "test/loss")


def run(name: str) -> dict[str, Any]:
    """Fit and test one configuration in an empty folder; its card."""
    config = SOURCES / f"{name}.yaml"
    with tempfile.TemporaryDirectory() as folder:

        def sgn(*words: str) -> None:
            options = ["--config", str(config), "--threads", "1"]
            environment = os.environ | {"OMP_NUM_THREADS": "1"}
            command = [sys.executable, "-c", SGN, *words, *options]
            subprocess.run(command, cwd=folder, env=environment, check=True)

        if "observations:" in config.read_text():
            sgn("ensemble", "--seeds", SEEDS)
        else:
            sgn("fit")
            sgn("test")
        runs = sorted((Path(folder) / "runs" / name).glob("version_*/card.json"))
        cards = [json.loads(path.read_text()) for path in runs]
        spread = [json.loads(p.read_text()) for p in runs[0].parents[1].glob("ensemble_*.json")]
    first = cards[0]
    files = [config, config.with_suffix(".py")]
    card = {
        "example": name,
        "sha256": hashlib.sha256(b"".join(p.read_bytes() for p in files)).hexdigest(),
        "test": {k: v for k, v in first["test"].items() if k.startswith(KEPT)},
        "cpu_seconds": sum(each["training"]["cpu_seconds"] for each in cards),
        **{key: first[key] for key in ("parameters", "steps", "machine") if key in first},
    }
    if spread:
        card["mean_and_deviation"] = spread[0]["mean_and_deviation"]
        card["seeds"] = spread[0]["seeds"]
    return card


def found(card: dict[str, Any]) -> str:
    """What a card says was found, by field or by constant."""
    if "mean_and_deviation" in card:
        pairs = card["mean_and_deviation"].items()
        constants = {k: v for k, v in pairs if k.startswith("unknown/") and "_error" not in k}
        return ", ".join(f"{k[8:]} = {m:.5f} +- {s:.5f}" for k, (m, s) in constants.items())
    test = {k.removeprefix("test/"): v for k, v in card["test"].items()}
    errors = {k[8:-6]: v for k, v in test.items() if k.startswith("unknown/") and "_error" in k}
    fields = {k[12:]: v for k, v in test.items() if k.startswith("relative_l2/")}
    shown = [f"{name}: {value:.1e}" for name, value in (errors | fields).items()]
    if not fields and "relative_l2" in test:
        shown.append(f"{test['relative_l2']:.1e}")
    return ", ".join(shown)


def table() -> str:
    """All cards."""
    lines = [
        "The problems of [examples](../../examples), trained as they are, one thread, seed 0;",
        "relative L2 by field, of an unknown constant its relative error, of constants from noisy",
        "observations mean and deviation of five seeds:",
        "",
        "| example | found | wanted | CPU s of training | parameters |",
        "|---|---|---|---|---|",
    ]
    for path in sorted(HERE.glob("*.json")):
        card = json.loads(path.read_text())
        wanted = WANTED.get(card["example"])
        asked = "inside the error bars" if wanted is None else f"{wanted:.0e}"
        seconds, parameters = f"{card['cpu_seconds']:.0f}", card["parameters"]
        lines.append(f"| {path.stem} | {found(card)} | {asked} | {seconds} | {parameters} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run or write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("run", "table"))
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    HERE.mkdir(exist_ok=True)
    if options.what == "run":
        names = options.names or sorted(path.stem for path in SOURCES.glob("*.yaml"))
        for name in names:
            text = json.dumps(run(name), indent=1) + "\n"
            (HERE / f"{name}.json").write_text(text)
    (HERE / "table.md").write_text(table())
    print(table())


if __name__ == "__main__":
    main()
