"""Figures in the tables of README and results: each is in a file of cards, or has its source.

A table written by hand repeats figures of tables that scripts write from cards. Each must be
there, rounded as written; those of others (columns ``published``, ``source``) have a link each.
"""

import re
from functools import cache
from itertools import takewhile

import pytest

from tests.conftest import ROOT
from tests.docs.pages import name

RESULTS = sorted((ROOT / "docs" / "results").glob("*.md"))
FIGURE = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?(?![\w])")
SEEDS = re.compile(r"(e-\d+)\** \(([\d., ]+)\)")  # 1.80e-3 (1.77, 1.83, 1.80)
LINK = re.compile(r"(?:\]\(|\{include\} )([^)\s#]+)")
CARDS = (".json", ".jsonl", ".csv", ".gz")


def tables(text):
    """The tables of a text: rows of cells, the head first, without the rule below it."""
    lines = text.splitlines()
    for k, line in enumerate(lines):
        if line.startswith("|") and not (k and lines[k - 1].startswith("|")):
            rows = takewhile(lambda row: row.startswith("|"), lines[k:])
            cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
            yield [cells[0], *cells[2:]]


def figures(text):
    """Figures as they are written; each of several seeds with the exponent of their mean."""
    text = SEEDS.sub(lambda m: m[1] + " " + re.sub(r"([\d.]+)", rf"\1{m[1]}", m[2]), text)
    return [figure.replace(",", "") for figure in FIGURE.findall(text)]


def told(figure, known):
    """Whether a figure is one of the known ones, rounded to its digits."""
    mantissa, _, exponent = figure.partition("e")
    half = 0.5 * 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    return any(abs(value - float(figure)) <= half * (1 + 1e-9) for value in known)


@cache
def known_in(path):
    """The figures of a file, and of those that it includes."""
    text = path.read_text(encoding="utf-8")
    inside = [path.parent / include for include in re.findall(r"\{include\} (\S+)", text)]
    return {float(f) for f in figures(text)}.union(*(known_in(each) for each in inside))


def linked(page, text):
    """Files of the repository that a text of a page links to or includes."""
    found = [(page.parent / link).resolve() for link in LINK.findall(text) if ":" not in link]
    return [path for path in found if path.is_file()]


def sections(page):
    """The parts of a page under a heading each; what stands above the first one has none."""
    return re.split(r"^(?=## )", page.read_text(encoding="utf-8"), flags=re.MULTILINE)


@pytest.mark.parametrize("page", RESULTS, ids=name)
def test_figures_of_result_tables_are_those_of_their_cards(page):
    for section in sections(page):
        files = linked(page, section)
        known = set().union(*(known_in(path) for path in files))
        for head, *rows in tables(section):
            if "source" in head:
                continue
            with_cards = [p for p in files if any(q.suffix in CARDS for q in p.parent.iterdir())]
            assert with_cards, f"{head}: no link to the table or card it is from"
            for row in rows:
                for column, cell in list(zip(head, row, strict=True))[1:]:
                    if column not in ("published", "model"):
                        strange = [f for f in figures(cell) if not told(f, known)]
                        assert not strange, f"{row[0]}, {column}: {strange}"


@pytest.mark.parametrize("page", RESULTS, ids=name)
def test_published_figures_have_sources(page):
    text = page.read_text(encoding="utf-8")
    for head, *rows in tables(text):
        for column in {"published", "source"} & set(head):
            for row in rows:
                cell = row[head.index(column)]
                links = re.findall(r"\[[^\]]+\]\[(\w+)\]", cell)
                assert links or not figures(cell), row
                assert links or column == "published", row
                assert all(f"[{link}]: https://" in text for link in links), row
    for sentence in re.split(r"(?<=[.:])\s", text):
        if re.search(r"\bare\s+\[?published\b|\bquotes\b", sentence) and figures(sentence):
            assert "](https://" in sentence, sentence


@pytest.mark.parametrize("page", RESULTS, ids=name)
def test_rows_of_one_seed_say_so(page):
    for head, *rows in tables(page.read_text(encoding="utf-8")):
        if any("seed" in cell for row in rows for cell in row):
            column = next(k for k, cell in enumerate(rows[0]) if "(" in cell and k)
            for row in rows:
                assert "(" in row[column], f"{head[column]}: {row}"


def test_every_figure_of_the_readme_is_on_the_page_it_links_to():
    page = ROOT / "README.md"
    (head, *rows) = next(t for t in tables(page.read_text(encoding="utf-8")) if "measured" in t[0])
    for row in rows:
        cell = row[head.index("measured")]
        files = linked(page, cell)
        assert files, row
        known = set().union(*(known_in(path) for path in files))
        words = re.sub(r"\]\([^)]*\)", "]", cell)
        strange = [f for f in figures(words) if not told(f, known)]
        assert not strange, f"{row[0]}: {strange}"


def test_all_tables_are_seen():
    assert sum(len(list(tables(page.read_text()))) for page in RESULTS) >= 7
