"""What all file work shares."""

import os
import stat
from pathlib import Path

from octyne.files.service import Files
from octyne.system.paths.folder import Root


def test_recovery_makes_its_directory_and_removes_what_is_left(tmp_path: Path) -> None:
    """Privately, and any number of times."""
    (tmp_path / "app").mkdir()
    files = Files(str(tmp_path / "state"))
    files.recover()
    with Root.open(str(tmp_path / "app")) as root:
        name = files.leftovers.note(root, root, "upload")
        os.close(root.create(name))
    files.close()
    Files(str(tmp_path / "state")).recover()

    assert os.listdir(tmp_path / "app") == []
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
