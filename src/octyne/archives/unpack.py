"""Unpacks an archive into a folder of the same app: checked first, then all or nothing."""

from dataclasses import dataclass

from octyne.aio import Workers
from octyne.archives.progress import Progress
from octyne.config.model import ArchivesConfig
from octyne.files.service import Files


@dataclass(frozen=True, slots=True)
class UnpackRequest:
    """What to unpack where, as the client wrote it."""

    path: str
    destination: str
    limits: ArchivesConfig


def prepare(directory: str, request: UnpackRequest) -> None:
    raise NotImplementedError


async def unpack(
    files: Files, directory: str, request: UnpackRequest, progress: Progress, workers: Workers
) -> None:
    raise NotImplementedError
