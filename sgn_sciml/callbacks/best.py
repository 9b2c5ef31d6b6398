"""The best checkpoint of a run, which stays the best one when the run's folder has moved."""

from pathlib import Path
from typing import Any

from lightning.pytorch.callbacks import ModelCheckpoint

__all__ = ["BestCheckpoint"]


class BestCheckpoint(ModelCheckpoint):
    """Keep ``best.ckpt``, that of the least held-out loss.

    Lightning forgets the best loss when a run goes on in a folder that was moved or is reached by
    another path, and would replace the best checkpoint by the next one.

    Args:
        folder: Folder of the checkpoints.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(
            str(folder), filename="best", monitor="val/loss", enable_version_counter=False
        )

    @property
    def state_key(self) -> str:
        """That of Lightning's class, under which checkpoints of earlier versions have it."""
        return super().state_key.replace(type(self).__qualname__, ModelCheckpoint.__qualname__, 1)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the state, its paths as they are now."""
        here = {"dirpath": self.dirpath}
        for name in ("best_model_path", "kth_best_model_path", "last_model_path"):
            here[name] = self._moved(state_dict.get(name, ""))
        kept = {self._moved(p): v for p, v in state_dict.get("best_k_models", {}).items()}
        super().load_state_dict({**state_dict, **here, "best_k_models": kept})

    def _moved(self, path: str) -> str:
        return str(Path(self.dirpath or "") / Path(path).name) if path else ""
