"""JSON files: annotations and results."""

import json
from pathlib import Path
from typing import Any

from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import read_file

__all__ = ["load_json", "parse_json", "read_bytes"]


def read_bytes(path: str | Path) -> bytes:
    """A whole file.

    Raises:
        InputError: it is not there, or cannot be read.
    """
    try:
        return read_file(path)
    except FileNotFoundError:
        raise InputError(
            f"{path}: no such file; check the path (in a config ann_file and data_root), or prepare the data set first."
        ) from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path and its permissions.") from None


def parse_json(text: bytes, where: str) -> Any:
    """Parse the text of a JSON file, which ``where`` names.

    The text may begin with a byte order mark, as Windows' editors write it.

    Raises:
        InputError: the text is cut off, is not JSON, or has another encoding than Unicode's.
    """
    try:
        return json.loads(text)
    except UnicodeDecodeError:
        raise InputError(f"{where}: not valid JSON, since it is no text in UTF-8; save it as UTF-8.") from None
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{where}: not valid JSON ({error}); the file is truncated or broken, fetch or write it again."
        ) from None


def load_json(path: str | Path) -> Any:
    """Read and parse a JSON file.

    Raises:
        InputError: see :func:`read_bytes` and :func:`parse_json`.
    """
    return parse_json(read_bytes(path), str(path))
