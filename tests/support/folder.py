"""The files tab of an app in a browser."""

from pathlib import Path

from playwright.sync_api import CDPSession, Locator

from support.browser import Window


class Folder:
    """The files tab of an app, and the directory that it shows."""

    def __init__(self, window: Window, home: Path) -> None:
        self.window = window
        self.page = window.page
        self.home = home
        self.devtools: CDPSession = window.context.new_cdp_session(self.page)

    def row(self, name: str) -> Locator:
        """The row of an entry."""
        return self.page.locator(f'[data-name="{name}"]')

    def select(self, *names: str) -> None:
        """Select by mouse, the second and later ones with Ctrl."""
        for i, name in enumerate(names):
            self.row(name).locator('[data-column="modified"]').click(
                modifiers=["ControlOrMeta"] if i else []
            )

    def selected(self) -> list[str]:
        """The names of the rows in sight that are selected, in order."""
        rows = self.page.locator('[data-index][aria-selected="true"]')
        return sorted(str(row.get_attribute("data-name")) for row in rows.all())

    def menu(self, name: str, item: str) -> None:
        """Choose from an entry's context menu."""
        self.row(name).click(button="right")
        self.page.get_by_role("menuitem", name=item).click()

    def delete(self, *names: str) -> None:
        """Delete entries by the keyboard, and say that it is meant."""
        self.select(*names)
        self.page.keyboard.press("Delete")
        self.page.get_by_role("dialog").get_by_role("button", name="Delete").click()

    def throttle(self, upload: int) -> None:
        """Slow the network down, to bytes a second; -1 lifts it."""
        self.devtools.send(
            "Network.emulateNetworkConditions",
            {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": upload},
        )

    def drop(self, *paths: Path, on: Locator | None = None) -> None:
        """Drop files and folders from the desktop, on the middle of something or of the list."""
        frame = (on or self.page.locator("[data-files]")).bounding_box()
        assert frame is not None
        place = {"x": frame["x"] + frame["width"] / 2, "y": frame["y"] + frame["height"] / 2}
        data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            self.devtools.send("Input.dispatchDragEvent", {"type": kind, **place, "data": data})

    def press(self, place: Locator) -> None:
        """Put a finger on something, and leave it there; `lift` takes it off."""
        frame = place.bounding_box()
        assert frame is not None
        point = {"x": frame["x"] + frame["width"] / 2, "y": frame["y"] + frame["height"] / 2}
        self._touch("touchStart", point)

    def lift(self) -> None:
        """Take the finger off."""
        self._touch("touchEnd")

    def _touch(self, kind: str, *points: dict[str, float]) -> None:
        self.devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})
