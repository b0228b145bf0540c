"""Puts the built dashboard into wheels and source archives.

A checkout builds it first, where there is Node; a source archive holds it built, so that nobody
who installs needs Node. Editable installs are left alone.
"""

import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class DashboardHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling's own default
    """Named in pyproject.toml."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the dashboard before the files are collected."""
        del build_data
        root = Path(self.root)
        built = root / "src" / "octyne" / "dashboard" / "index.html"
        is_unpacked = (root / "PKG-INFO").exists()  # a source archive, which holds it
        if version == "editable" or is_unpacked or not (root / "web" / "package.json").exists():
            return
        subprocess.run([str(root / "scripts" / "dashboard")], check=True)
        if not built.exists():
            self.app.display_warning("Without Node the package has no dashboard.")
