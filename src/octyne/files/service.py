"""What all file work of the daemon shares: turns, hidden names, journals, limits."""

import os

from octyne.files import journal
from octyne.files.leftovers import Leftovers
from octyne.files.turns import Turns

HIDDEN_DIRECTORY = "hidden"


class Files:
    """One for the daemon; ``directory`` is its part of the state directory."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.turns = Turns()
        self.leftovers = Leftovers(os.path.join(directory, HIDDEN_DIRECTORY))

    def recover(self) -> None:
        """Settle what a killed daemon left. Blocks; call it before anything else is done."""
        os.makedirs(self.directory, mode=0o700, exist_ok=True)
        journal.recover(self)
        self.leftovers.sweep()

    def close(self) -> None:
        """Stop what can be stopped."""
        self.turns.close()
