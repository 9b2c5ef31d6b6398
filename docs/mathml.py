"""Formulas as MathML, which every browser draws by itself: no script, no font, no network."""

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

__all__ = ["add_mathml"]

LOG = logging.getLogger(__name__)


def markup(formula: str, node: nodes.Element, display: str) -> str:
    """A formula as MathML; one that cannot be read is a warning, which ends a strict build."""
    try:
        return convert(formula.strip(), display=display)
    except Exception as error:
        LOG.warning("formula %r: %r", formula, error, location=node)
        return ""


def inline(translator: HTML5Translator, node: nodes.math) -> None:
    """Write a formula in a line of text."""
    translator.body.append(markup(node.astext(), node, "inline"))
    raise nodes.SkipNode


def display(translator: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on a line of its own; rows of ``aligned`` and blank lines as they come."""
    for formula in node.astext().split("\n\n"):
        if formula.strip():
            translator.body.append(
                f'<div class="formula">{markup(formula, node, "block")}</div>\n'
            )
    raise nodes.SkipNode


def add_mathml(app: Sphinx) -> None:
    """Make it the renderer of formulas."""
    app.add_html_math_renderer("mathml", (inline, None), (display, None))
    app.config.html_math_renderer = "mathml"
