"""``sgn study report``: one page that stands alone, and Markdown for a README.

A study's YAML says what it shows::

    report:
      tuned: lr
      score: val/relative_l2
      sections:
        - {class_path: Scores, init_args: {columns: spectrum}}
        - {class_path: TimeToLearn, init_args: {columns: spectrum}}
"""

import base64
import html
import io
import json
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from jsonargparse import ArgumentError, ArgumentParser
from matplotlib.figure import Figure

# Imported so that studies can name their classes without a path.
import sgn_sciml.studies.reports.band_errors
import sgn_sciml.studies.reports.cost_maps
import sgn_sciml.studies.reports.effects
import sgn_sciml.studies.reports.kernel_spectra
import sgn_sciml.studies.reports.learned
import sgn_sciml.studies.reports.shares  # noqa: F401
from sgn_sciml.studies.engine.specs import Study
from sgn_sciml.studies.engine.store import StudyFolder
from sgn_sciml.studies.reports.results import Results
from sgn_sciml.studies.reports.scores import Scores
from sgn_sciml.studies.reports.section import Part, Section, Table, escaped
from sgn_sciml.system.writing import write_whole

__all__ = ["write_report"]

STYLE = """\
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem;
       color: #222; background: #fff }
table { border-collapse: collapse; margin: 1rem 0; display: block; overflow-x: auto }
th, td { border-bottom: 1px solid #ddd; padding: .25rem .7rem; text-align: left;
         white-space: nowrap }
img { max-width: 100%; height: auto }
pre { background: #f5f5f5; padding: .7rem; overflow-x: auto }
"""


def write_report(study: Study, folder: StudyFolder, command: Sequence[str]) -> list[Path]:
    """Write ``report.html``, ``report.md``, its figures and ``card.json``; tables are renewed.

    Args:
        study: The study.
        folder: Its folder.
        command: Words of the command line that repeats it.

    Returns:
        The page and the Markdown.

    Raises:
        ValueError: If no cell is done, or the report asks for what the study has not.
        OSError: If they cannot be written.
    """
    settings = study.settings.get("report") or {}
    sections, options = read_report(settings)
    results = Results(study, folder, **options)
    parts = [section.show(results) for section in sections]
    card = results.about() | {"command": shlex.join(command)}
    folder.write_tables(study)
    figures = folder.path / "figures"
    figures.mkdir(exist_ok=True)
    images: dict[str, bytes] = {}
    for part in parts:
        for name, figure in part.figures.items():
            images[name] = png(figure)
            write_whole(figures / f"{name}.png", images[name])
    write_whole(folder.path / "card.json", json.dumps(card, indent=2) + "\n")
    written = {
        "report.html": page(study, parts, images, card),
        "report.md": markdown(study, parts, card),
    }
    for name, text in written.items():
        write_whole(folder.path / name, text)
    return [folder.path / name for name in written]


def read_report(settings: Mapping[str, Any]) -> tuple[list[Section], dict[str, Any]]:
    """The sections of a report, and how results are chosen for them.

    Raises:
        ValueError: If the settings describe none.
    """
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--repeats", type=str, default="seed")
    parser.add_argument("--tuned", type=str | None, default=None)
    parser.add_argument("--score", type=str, default="val/relative_l2")
    parser.add_argument("--sections", type=list[Section], default=[])
    try:
        made = parser.instantiate_classes(parser.parse_object(dict(settings)))
    except (ArgumentError, TypeError) as error:
        raise ValueError(f"report: {error}") from error
    options = {name: made[name] for name in ("repeats", "tuned", "score")}
    return made.sections or [Scores(made.score)], options


def png(figure: Figure) -> bytes:
    """A figure as PNG."""
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=130)
    return data.getvalue()


def page(
    study: Study, parts: Sequence[Part], images: Mapping[str, bytes], card: Mapping[str, Any]
) -> str:
    """The page, figures inside."""
    about = str(study.settings.get("about") or "")
    body = [f"<h1>{html.escape(study.name)}</h1>", paragraph(about) if about else ""]
    body.append(paragraph(summary(study, card)))
    for part in parts:
        body.append(f"<h2>{html.escape(part.title)}</h2>")
        body += [paragraph(text) for text in part.text]
        for name in part.figures:
            data = base64.b64encode(images[name]).decode()
            alt = html.escape(f"{part.title}: {name}")
            body.append(f'<p><img alt="{alt}" src="data:image/png;base64,{data}"></p>')
        body += [html_table(table) for table in part.tables]
    body += ["<h2>Repeat it</h2>", f"<pre>{html.escape(card['command'])}</pre>"]
    body += ["<h2>Card</h2>", f"<pre>{html.escape(json.dumps(card, indent=2))}</pre>"]
    settings = yaml.safe_dump(dict(study.settings), sort_keys=False)
    body += ["<h2>Settings</h2>", f"<pre>{html.escape(settings)}</pre>"]
    title = html.escape(study.name)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width">\n<title>{title}</title>\n'
        f"<style>\n{STYLE}</style>\n</head>\n<body>\n" + "\n".join(filter(None, body)) + "\n"
        "</body>\n</html>\n"
    )


def markdown(study: Study, parts: Sequence[Part], card: Mapping[str, Any]) -> str:
    """The same as Markdown, figures beside it."""
    about = str(study.settings.get("about") or "")
    blocks = [f"# {escaped(study.name)}", escaped(about), escaped(summary(study, card))]
    for part in parts:
        title = escaped(part.title)
        blocks += [f"## {title}", *map(escaped, part.text)]
        blocks += [f"![{title}](figures/{name}.png)" for name in part.figures]
        blocks += [table.markdown() for table in part.tables]
    fence = "`" * (3 + card["command"].count("`"))  # more than the command has in a row
    blocks += ["## Repeat it", f"{fence}sh\n{card['command']}\n{fence}"]
    return "\n\n".join(filter(None, blocks)) + "\n"


def summary(study: Study, card: Mapping[str, Any]) -> str:
    """A sentence on what was run."""
    axes = " x ".join(f"{len(names)} {axis}" for axis, names in study.axes.items())
    text = f"{card['done']} of {card['cells']} cells done ({axes})"
    text += f", {card['failed']} failed" if card["failed"] else ""
    return f"{text}; {card['cpu_seconds'] / 60:.1f} CPU minutes."


def paragraph(text: str) -> str:
    """Text as a paragraph."""
    return f"<p>{html.escape(text)}</p>"


def html_table(table: Table) -> str:
    """A table; ``**bold**`` as in Markdown."""

    def row(cells: Sequence[str], kind: str) -> str:
        words = (re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", html.escape(cell)) for cell in cells)
        return "<tr>" + "".join(f"<{kind}>{word}</{kind}>" for word in words) + "</tr>"

    lines = [row(table.head, "th"), *(row(cells, "td") for cells in table.rows)]
    return "<table>\n" + "\n".join(lines) + "\n</table>"
