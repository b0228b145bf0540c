"""Files that aren't only text: sound and moving pictures, JSON, documents."""

import base64
import json
import math
import struct
import wave
from pathlib import Path

import pytest
from playwright.sync_api import expect

from support.eventually import eventually
from support.folder import Folder

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]

SECONDS = 2
PLAYS = "(media) => media.currentTime > 0.2"
# A video of a colour that changes, recorded by the browser itself.
RECORD = """
  () => new Promise((done) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 48 });
    const pen = canvas.getContext("2d");
    const recorder = new MediaRecorder(canvas.captureStream(20), { mimeType: "video/webm" });
    const parts = [];
    let drawn = 0;
    recorder.ondataavailable = (event) => parts.push(event.data);
    recorder.onstop = async () => {
      const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
      done(btoa(String.fromCharCode(...bytes)));
    };
    const timer = setInterval(() => {
      pen.fillStyle = `hsl(${drawn * 9} 80% 50%)`;
      pen.fillRect(0, 0, 64, 48);
      if (++drawn === 30) { clearInterval(timer); recorder.stop(); }
    }, 50);
    recorder.start();
  })
"""
PDF = b"""%PDF-1.4
1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj
2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj
3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 200 200]>> endobj
trailer <</Root 1 0 R>>
%%EOF
"""


def _tone(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        samples = (int(9000 * math.sin(i / 4)) for i in range(8000 * SECONDS))
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))


def test_sound_and_video_play(folder: Folder) -> None:
    """From the daemon's address, within the page's content policy."""
    page = folder.page
    _tone(folder.home / "tone.wav")
    (folder.home / "film.webm").write_bytes(base64.b64decode(page.evaluate(RECORD)))
    for name, kind in (("tone.wav", "audio"), ("film.webm", "video")):
        folder.window.go(f"/apps/mc/files?file=%2F{name}")
        media = page.locator(kind)
        expect(media).to_be_visible()
        page.wait_for_function("(kind) => document.querySelector(kind).readyState >= 1", arg=kind)
        media.evaluate("(media) => { media.muted = true; return media.play(); }")
        page.wait_for_function(f"(kind) => ({PLAYS})(document.querySelector(kind))", arg=kind)
    assert page.evaluate("document.querySelector('video').videoWidth") == 64
    (folder.home / "broken.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(2000))
    folder.window.go("/apps/mc/files?file=%2Fbroken.mp4")
    folder.window.see("Your browser can't play this file")


def test_json_is_laid_out_for_reading(folder: Folder) -> None:
    """What a program wrote without lines is formatted at once; the file stays as it is."""
    page = folder.page
    data = json.dumps({"players": [{"name": f"player {i}", "id": 2**63 + i} for i in range(300)]})
    (folder.home / "data.json").write_text(data)
    folder.window.go("/apps/mc/files?file=%2Fdata.json")
    folder.window.see("Laid out for reading")
    lines = page.locator(".cm-line:visible")
    expect(lines.nth(1)).to_have_text('  "players": [')
    expect(lines.nth(4)).to_have_text(f'      "id": {2**63}')
    expect(page.locator(".cm-line:visible span[class]").first).to_be_visible()  # in colours
    gutter = page.locator(".cm-foldGutter:visible")
    fold = "[title='Fold line']"
    expect(gutter.locator(".cm-gutterElement").nth(1).locator(fold)).to_have_count(1)
    gutter.locator(fold).nth(1).click()
    expect(lines.nth(1)).to_contain_text("…")
    page.get_by_text("Text", exact=True).first.click()
    expect(lines.first).to_contain_text('{"players": [{"name"')
    page.get_by_label("Text of data.json").click()
    page.keyboard.press("Control+a")
    page.keyboard.type('{ "a": 1 }')
    page.get_by_text("Formatted", exact=True).click()
    expect(lines.nth(1)).to_have_text('  "a": 1')
    page.keyboard.press("Control+s")
    assert (folder.home / "data.json").read_text() == data  # read only: nothing to save from there


def test_a_fault_in_json_is_shown_with_its_place(folder: Folder) -> None:
    """As text, which can be mended; saving looks again."""
    page = folder.page
    (folder.home / "ops.json").write_text('{\n  "a": 1\n  "b": 2\n}\n')
    folder.row("a.txt").wait_for()
    folder.window.go("/apps/mc/files?file=%2Fops.json")
    folder.window.see("This isn't valid JSON. Line 3, column 3: A comma belongs here.")
    folder.window.button("Go there").click()
    folder.window.see("Line 3, column 3")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("End")
    page.keyboard.type(",")
    page.keyboard.press("Control+s")
    expect(page.get_by_text("This isn't valid JSON")).to_have_count(0)
    assert json.loads((folder.home / "ops.json").read_text()) == {"a": 1, "b": 2}


def test_a_document_opens_in_a_tab_of_its_own(folder: Folder) -> None:
    """The page's policy has no frames."""
    page = folder.page
    (folder.home / "manual.pdf").write_bytes(PDF)
    folder.window.go("/apps/mc/files?file=%2Fmanual.pdf")
    link = page.get_by_role("link", name="Open in a new tab")
    with page.context.expect_page() as opened:
        link.click()
    opened.value.wait_for_load_state()
    assert opened.value.evaluate("document.contentType") == "application/pdf"
    # The browser's viewer: its frame, and the document in that.
    eventually(lambda: opened.value.evaluate("1") and len(opened.value.frames) == 3, 15)
    opened.value.close()
    with page.expect_download() as download:
        folder.window.button("Download").last.click()
    assert download.value.path().read_bytes() == PDF
