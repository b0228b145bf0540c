"""Uploads a file with tuspy, as somebody's script would; after each piece it says how far it is.

tus_upload.py URL TOKEN FILE PIECE_BYTES STORE: goes on with what STORE remembers of a run before.
"""

import sys

from tusclient.client import TusClient
from tusclient.storage.filestorage import FileStorage


def main() -> None:
    """Go on until it is whole."""
    url, token, file, piece, store = sys.argv[1:]
    client = TusClient(url, headers={"Authorization": token})
    uploader = client.uploader(
        file,
        chunk_size=int(piece),
        metadata={"filename": "big.bin", "path": "/folder"},
        store_url=True,
        url_storage=FileStorage(store),  # type: ignore[no-untyped-call]
        upload_checksum=True,
    )
    print("from", uploader.offset, flush=True)
    while uploader.offset < uploader.get_file_size():  # type: ignore[no-untyped-call]
        uploader.upload_chunk()  # type: ignore[no-untyped-call]
        print(uploader.offset, flush=True)


if __name__ == "__main__":
    main()
