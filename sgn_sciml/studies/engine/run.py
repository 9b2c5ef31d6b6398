"""Run what is left of a study, with its progress and what became of it."""

import os
import sys
from collections import Counter

from tqdm import tqdm

from sgn_sciml.studies.engine.execute import Executor
from sgn_sciml.studies.engine.specs import CellSpec, Study
from sgn_sciml.studies.engine.store import StudyFolder, last_line, tally

__all__ = ["run_study"]


def run_study(study: Study, folder: StudyFolder, executor: Executor) -> None:
    """Run the cells of a study that have no result yet, and write its tables.

    Args:
        study: The study.
        folder: Its folder.
        executor: Where they run.

    Raises:
        ValueError: If the folder is another study's, or some cells failed or were lost.
        OSError: If the folder cannot be written.
    """
    folder.create(study)
    with folder.lock() as word:
        records = {spec.id: folder.record(spec) for spec in study.cells}
        sound = {spec.id for spec in study.cells if folder.is_sound(spec)}
        done = {key for key, record in records.items() if record.status == "done"} & sound
        groups = [[s for s in group if s.id not in done] for group in study.groups]
        groups = [group for group in groups if group]
        for spec in (s for group in groups for s in group):
            (folder.cells / f"{spec.id}.json").unlink(missing_ok=True)  # failed before
        progress = Progress(study, folder, len(done))
        try:
            for _ in executor.run(folder, groups, word):
                progress.look()
        finally:
            progress.close()
            folder.write_tables(study)
    report_trouble(study, folder)


def report_trouble(study: Study, folder: StudyFolder) -> None:
    """Raise a ValueError that names the first of the cells without result, if there is one."""
    records = tally(study, folder)
    trouble = [spec for spec in study.cells if records[spec.id].status != "done"]
    if not trouble:
        return
    counts = Counter(records[spec.id].status for spec in trouble)
    words = [f"{counts[s]} {what}" for s, what in KINDS.items() if counts[s]]
    first = trouble[0]
    why = last_line(records[first.id]) or "its job is gone; run the study again"
    raise ValueError(
        f"of {len(study.cells)} cells {' and '.join(words)}, first "
        f"{' '.join(first.labels.values())}: {why} ({folder.path / 'cells.csv'})"
    )


KINDS = {"failed": "failed", "missing": "were lost"}


class Progress:
    """A bar over the cells of a study; time left goes by the mean time of a cell.

    Args:
        study: The study.
        folder: Its folder.
        done: Number of cells that were done before.
    """

    def __init__(self, study: Study, folder: StudyFolder, done: int) -> None:
        self.folder = folder
        self.open: dict[str, CellSpec] = {spec.id: spec for spec in study.cells}
        self.failed = 0
        self.said: set[str] = set()
        self.bar = tqdm(
            total=len(study.cells),
            initial=done,
            desc=study.name,
            unit="cell",
            smoothing=0,
            mininterval=0.5 if sys.stderr.isatty() else 30,
        )
        ended = {name for name in os.listdir(folder.cells) if name.endswith(".json")}
        self.open = {key: s for key, s in self.open.items() if f"{key}.json" not in ended}

    def look(self) -> None:
        """Count cells that have ended."""
        ended = 0
        for name in os.listdir(self.folder.cells):
            spec = (
                self.open.pop(name.removesuffix(".json"), None) if name.endswith(".json") else None
            )
            if spec is None:
                continue
            record = self.folder.record(spec)
            if record.status == "failed":
                self.failed += 1
                self.bar.set_postfix_str(f"{self.failed} failed", refresh=False)
                if (why := last_line(record)) not in self.said:  # once, of cells that fail alike
                    self.said.add(why)
                    self.bar.write(f"{' '.join(spec.labels.values())}: {why}", sys.stderr)
            ended += 1
        if ended:
            self.bar.update(ended)

    def close(self) -> None:
        """Leave the bar as it is."""
        self.look()
        self.bar.close()
