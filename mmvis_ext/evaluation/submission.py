"""The results file that the benchmark's server takes: ``results.json``, alone or in a zip."""

import io
import json
import zipfile
from pathlib import Path
from typing import IO, Any

from mmvis_ext.annotations.json_file import parse_json, read_bytes
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import atomic_file

__all__ = ["check_results_path", "read_results", "write_submission"]

MEMBER = "results.json"
LITTLE, LARGEST = 2**26, 2**33  # bytes of it that are unpacked whatever the zip is like, and at most
MOST_DENSE = 100  # bytes of it for each byte of the zip; results without a single mask in 200 frames have 68


def check_results_path(path: str | Path) -> Path:
    """Check the ending of a results file, and return its path.

    Raises:
        InputError: it ends neither in ``.zip`` nor in ``.json``.
    """
    path = Path(path)
    if path.suffix not in (".zip", ".json"):
        raise InputError(
            f"{path}: a results file ends in .zip (for the server) or .json; give it one of these endings."
        )
    return path


def write_submission(results: list[dict], path: str | Path) -> None:
    """Write results in the official form.

    The same results give the same bytes: entries are sorted by video, then from the best score down, then by class, and
    keep their order where all of these are equal. The file appears complete or not at all.

    Args:
        results: entries as :func:`evaluate_ytvis` takes them.
        path: ``.zip`` holds ``results.json``; ``.json`` is that file itself. Missing folders are made.

    Raises:
        InputError: ``path`` has another ending, or JSON has no form for a value, such as a score that is not finite.
    """
    path = check_results_path(path)
    lines = [_line(entry, i) for i, entry in sorted(enumerate(results), key=lambda pair: _rank(pair[1]))]
    with atomic_file(path) as file:
        (_write_zip if path.suffix == ".zip" else _write_json)(file, lines)


def read_results(path: str | Path) -> list[dict]:
    """Read a results file.

    Raises:
        InputError: the ending is neither ``.json`` nor ``.zip``, there is no such file, the zip is damaged, holds no
            ``results.json`` or one that is far larger than itself, the JSON is not complete, or it is not a list of
            results.
    """
    path = check_results_path(path)
    content = read_bytes(path)
    results = parse_json(_unzipped(content, path) if path.suffix == ".zip" else content, str(path))
    required = {"video_id", "category_id", "score"}
    if not isinstance(results, list) or not all(isinstance(r, dict) and required <= r.keys() for r in results):
        raise InputError(
            f"{path}: results are a list of entries with 'video_id', 'category_id', 'score' and 'segmentations'; "
            "give a results file (not the annotation file) as the results."
        )
    return results


def _rank(entry: dict) -> tuple:
    return entry["video_id"], -entry["score"], entry["category_id"]


def _line(entry: dict, number: int) -> str:
    """One entry as JSON, its official fields first."""
    official = {key: entry[key] for key in ("video_id", "score", "category_id") if key in entry}
    try:
        return json.dumps(official | entry, allow_nan=False, default=_plain)
    except (TypeError, ValueError) as error:
        raise InputError(f"Entry {number} of the results cannot be written as JSON ({error}); correct it.") from error


def _plain(value: Any) -> Any:
    """NumPy's numbers and arrays, and RLE counts in bytes, as plain Python."""
    if isinstance(value, bytes):
        return value.decode("ascii")
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _write_json(file: IO[bytes], lines: list[str]) -> None:
    """One entry per line, so that a large file is never one string in memory."""
    for i, line in enumerate(lines):
        file.write((",\n" if i else "[").encode() + line.encode())
    file.write(b"]\n" if lines else b"[]\n")


def _write_zip(file: IO[bytes], lines: list[str]) -> None:
    member = zipfile.ZipInfo(MEMBER, date_time=(1980, 1, 1, 0, 0, 0))
    member.compress_type = zipfile.ZIP_DEFLATED
    member.create_system = 3
    member.external_attr = 0o644 << 16
    with zipfile.ZipFile(file, "w") as archive, archive.open(member, "w", force_zip64=True) as inner:
        _write_json(inner, lines)


def _unzipped(content: bytes, path: Path) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            member = archive.getinfo(MEMBER)
            if member.file_size > max(LITTLE, MOST_DENSE * len(content)) or member.file_size > LARGEST:
                raise InputError(
                    f"{path}: its {MEMBER} would unpack to {member.file_size} bytes, which is more than results of "
                    f"{len(content)} bytes of zip hold; if you trust it, unpack it and give the .json."
                )
            return archive.read(member)
    except InputError:
        raise
    except KeyError as error:
        raise InputError(f"{path}: the zip holds no {MEMBER} at its top; pack that file without a folder.") from error
    except Exception as error:  # a broken file makes zipfile and its decoders raise nearly anything
        raise InputError(f"{path}: not a readable zip ({error}); download or write the file again.") from error
