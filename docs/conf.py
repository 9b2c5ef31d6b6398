"""The site: ``make docs`` builds it strictly, without a network, into ``build/docs``.

Docstrings are written for Sphinx, so Sphinx reads them. All references must resolve (``nitpicky``
with warnings as errors); those to names that a package re-exports (``sgn_sciml.networks.Staged``)
are found where the name is defined. Formulas become MathML, which browsers draw without scripts
or fonts from elsewhere.
"""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from links import add_links  # noqa: E402
from mathml import add_mathml  # noqa: E402
from reference import handed_on, write_pages  # noqa: E402

from sgn_sciml.system.names import __version__  # noqa: E402

project = "sgn-sciml"
author = "The sgn-sciml developers"
copyright = "The sgn-sciml developers, Apache-2.0"
release = version = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
]
myst_enable_extensions = ["dollarmath", "colon_fence", "deflist", "attrs_inline"]
myst_heading_anchors = 3
myst_links_external_new_tab = False
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
nitpicky = True
# Types of other packages in signatures, and names of ours that signatures abbreviate.
nitpick_ignore_regex = [("py:.*", r"(?!sgn_sciml).*")]

autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_inherit_docstrings = False  # Lightning's are pages long
autodoc_member_order = "bysource"
autodoc_class_signature = "mixed"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = "sgn-sciml"
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {"navigation_with_keys": True}
html_static_path = ["static"]
html_css_files = ["site.css"]
copybutton_exclude = ".linenos, .gp, .go"


HANDED_ON = handed_on()


def is_there(name: str) -> bool:
    """Whether a dotted name is that of a module of the package, or of something in one."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found: Any = import_module(".".join(parts[:end]))
        except ImportError:
            continue
        for part in parts[end:]:
            known = (getattr(found, "__annotations__", {}), vars(found))
            if not hasattr(found, part) and not any(part in names for names in known):
                return False
            found = getattr(found, part, None)
        return True
    return False


def find_elsewhere(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.TextElement
) -> nodes.Node | None:
    """Resolve a reference to where a name is defined; leave the text of one that has no page.

    What no module has stays unresolved, which ends a strict build.
    """
    if node.get("refdomain") != "py":
        return None
    target, module = node["reftarget"], node.get("py:module") or "sgn_sciml"
    inside = node.get("py:class")
    names = [target, f"{module}.{target}", *([f"{module}.{inside}.{target}"] if inside else [])]
    objects = env.domains.python_domain.objects
    for name in (name for name in names if name.startswith("sgn_sciml.")):
        parts = name.split(".")
        for end in range(len(parts), 1, -1):
            shown = HANDED_ON.get(".".join(parts[:end]))
            full = ".".join([shown, *parts[end:]]) if shown else name
            if full in objects:
                assert app.builder is not None
                uri = app.builder.get_relative_uri(node["refdoc"], objects[full].docname)
                anchor = f"{uri}#{objects[full].node_id}"
                return nodes.reference("", "", content, internal=True, refuri=anchor)
        if is_there(name):
            return content
    return None


def setup(app: Sphinx) -> None:
    """Add what is ours."""
    write_pages(Path(__file__).parent / "api")
    add_links(app)
    add_mathml(app)
    app.connect("missing-reference", find_elsewhere)
