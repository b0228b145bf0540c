"""What all file work of the daemon shares: turns, hidden names, journals, limits."""

import os

from octyne.files.leftovers import Leftovers
from octyne.files.resumable import Resumable
from octyne.files.turns import Turns
from octyne.files.upload import Uploads
from octyne.files.upload_records import UploadRecords

HIDDEN_DIRECTORY = "hidden"
UPLOADS_DIRECTORY = "uploads"


class Files:
    """One for the daemon; ``directory`` is its part of the state directory."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.turns = Turns()
        self.leftovers = Leftovers(os.path.join(directory, HIDDEN_DIRECTORY))
        self.uploads = Uploads(self.turns, self.leftovers)
        records = UploadRecords(os.path.join(directory, UPLOADS_DIRECTORY))
        self.resumable = Resumable(records, self.uploads, self.turns, self.leftovers)

    def recover(self) -> None:
        """Settle what a killed daemon left. Blocks; call it before anything else is done."""
        os.makedirs(self.directory, mode=0o700, exist_ok=True)
        self.leftovers.sweep(keep=self.resumable.load())

    def close(self) -> None:
        """Stop what can be stopped."""
        self.uploads.close()
        self.turns.close()
