"""Relative links of the repository's files, as links of the site.

A page may be a file that lies elsewhere (``benchmarks/pinns/table.md``), included, not copied, and
pages link to such files as a forge shows them. Here a link to a file that is on a page becomes a
link to that page; one to another file downloads a copy of it. Links to nothing are left, and end a
strict build.
"""

import re
from functools import cache
from os.path import relpath
from pathlib import Path

from sphinx.application import Sphinx

__all__ = ["add_links"]

DOCS = Path(__file__).parent
INCLUDED = re.compile(r"^```\{include\} (\S+)$", re.MULTILINE)
LINK = re.compile(r"(\]\()(?!https?:|#|mailto:)([^()\s#]+)(#[^()\s]*)?(\))")


@cache
def pages() -> dict[Path, Path]:
    """The page that shows a file of the repository."""
    found = {(DOCS.parent / "examples").resolve(): DOCS / "examples.md"}
    for page in sorted(DOCS.rglob("*.md")):
        for name in INCLUDED.findall(page.read_text(encoding="utf-8")):
            found[(page.parent / name).resolve()] = page
    return found


def moved(text: str, source: Path, page: Path) -> str:
    """Text of a file as it must read on a page, which may lie in another folder."""

    def link(match: re.Match[str]) -> str:
        opening, name, anchor, closing = match.groups()
        target = (source.parent / name).resolve()
        if not target.exists():
            return match[0]
        shown = pages().get(target, target)
        away = DOCS not in shown.parents and shown.suffix == ".md"  # else taken for a page
        return f"{opening}{'path:' * away}{relpath(shown, page.parent)}{anchor or ''}{closing}"

    return LINK.sub(link, text)


def add_links(app: Sphinx) -> None:
    """Rewrite links as pages and the files that they include are read."""

    def read(app: Sphinx, docname: str, content: list[str]) -> None:
        page = Path(app.env.doc2path(docname))
        if page.suffix == ".md":
            content[0] = moved(content[0], page, page)

    def included(app: Sphinx, path: Path, parent: str, content: list[str]) -> None:
        source = (Path(app.srcdir) / path).resolve()
        if source.suffix == ".md":
            content[0] = moved(content[0], source, Path(app.env.doc2path(app.env.docname)))

    app.connect("source-read", read)
    app.connect("include-read", included)
