"""``python -m benchmarks [NAME...]``: runs all benchmarks, or those named."""

import argparse
import os
import platform
import sys
from datetime import UTC, datetime

from benchmarks import (
    archives,
    console,
    dashboard,
    files,
    requests,
    resources,
    uploads,
    waits,
)
from benchmarks.figures import Figure, table

BENCHMARKS = {
    "console-1": console.lines_to_1,
    "console-50": console.lines_to_50,
    "console-200": console.lines_to_200,
    "delay": console.delay,
    "servers": requests.servers,
    "server": requests.server,
    "zip": archives.zip_tree,
    "tar-gz": archives.tar_gz,
    "tar-zst": archives.tar_zst,
    "unzip": archives.unzip,
    "untar": archives.untar_gz,
    "start": resources.start,
    "memory": resources.memory,
    "many": resources.many,
    "list-10k": files.list_10k,
    "list-100k": files.list_100k,
    "download": files.download,
    "viewers-1000": console.viewers_1000,
    "upload": uploads.upload,
    "upload-5g": uploads.upload_large,
    "waits": waits.waits,
    "page-size": dashboard.page_size,
    "page-list": dashboard.page_list,
    "page-flood": dashboard.page_flood,
    "page-folder": dashboard.page_folder,
}


def main() -> None:
    """Run, print JSON on stdout as it comes, and a table of all at the end."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=main.__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument(
        "--markdown", action="store_true", help="print the table alone, to paste it somewhere"
    )
    options = parser.parse_args()
    if unknown := set(options.names) - BENCHMARKS.keys():
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    begun = os.getloadavg()[0]
    figures: list[Figure] = []
    for name in options.names or BENCHMARKS:
        print(f"{name}: {BENCHMARKS[name].__doc__}", file=sys.stderr)
        for figure in BENCHMARKS[name]():
            figures.append(figure)
            print(figure.as_json(), file=sys.stderr if options.markdown else sys.stdout, flush=True)
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    load = f"load {begun:.1f} before, {os.getloadavg()[0]:.1f} after"
    print(
        f"\n{when}, {os.cpu_count()} cores, Python {platform.python_version()},"
        f" {load}\n\n{table(figures)}"
    )


if __name__ == "__main__":
    main()
