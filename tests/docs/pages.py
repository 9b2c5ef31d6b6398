"""Pages of the documentation and the blocks of code in them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.conftest import ROOT

__all__ = ["PAGES", "Block", "blocks", "name"]

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A block of code."""

    language: str
    text: str


def name(page: Path) -> str:
    """A page as the tests call it."""
    return str(page.relative_to(ROOT))


def blocks(page: Path, language: str) -> Iterator[str]:
    """The blocks of a language on a page, in order."""
    for found in FENCE.findall(page.read_text(encoding="utf-8")):
        block = Block(*found)
        if block.language == language:
            yield block.text
