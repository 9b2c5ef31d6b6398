"""Sources of a reference solution other than a file that is there."""

from abc import ABC, abstractmethod
from pathlib import Path

from sgn_sciml.pde.problem import Problem

__all__ = ["Reference"]


class Reference(ABC):
    """Makes the reference solution of a problem.

    Where a configuration names a reference file it may name one of these by its class.
    """

    @abstractmethod
    def file(self, problem: Problem) -> Path:
        """The grid file with the solution, which is made if there is none yet.

        Args:
            problem: The problem; of a window of time the whole problem's file will do.

        Raises:
            ValueError: If the problem cannot be solved; the message is one line.
            OSError: If the file cannot be written.
        """
