"""A report in a real browser: every picture is drawn, and a narrow window is wide enough."""

import html
import json
import os
import re
import shutil
import subprocess

import pytest

from sgn_sciml.studies.reports.page import write_report
from tests.studies.reports.test_report import done  # noqa: F401  a fixture

BROWSER = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
LOOK = """
<script>window.onload = () => { document.title = JSON.stringify({
    drawn: [...document.images].map(i => i.naturalWidth),
    asked: performance.getEntriesByType("resource").map(r => r.name.slice(0, 5)),
    headings: [...document.querySelectorAll("h1, h2")].map(h => h.textContent),
    overflow: document.documentElement.scrollWidth - window.innerWidth }) }</script>
"""


@pytest.mark.skipif(BROWSER is None, reason="there is no chromium")
def test_the_page_in_a_browser(done, tmp_path):  # noqa: F811
    page, _ = write_report(*done, ["sgn", "study", "run", "s.yaml"])
    copy = tmp_path / "page.html"
    copy.write_text(page.read_text().replace("</body>", f"{LOOK}</body>"))
    words = ["--headless", "--no-sandbox", "--disable-gpu", "--window-size=600,800", "--dump-dom"]
    told = subprocess.run(
        [BROWSER, *words, f"--user-data-dir={tmp_path}/profile", copy.as_uri()],
        env=os.environ | {"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    ).stdout
    found = json.loads(html.unescape(re.search("<title>(.*?)</title>", told)[1]))
    assert len(found["drawn"]) == 2
    assert min(found["drawn"]) > 100
    assert set(found["asked"]) <= {"data:"}
    assert found["headings"][0] == "<s>"
    assert found["headings"][-1] == "Settings"
    assert found["overflow"] <= 0
