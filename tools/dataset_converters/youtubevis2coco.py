"""Convert an official YouTube-VIS or OVIS annotation file to CocoVID (one annotation per frame and object).

Each split is converted on its own; one without annotations is possible too. You need this for other software only:
mmvis_ext reads both forms.
"""

import argparse
import json
from pathlib import Path

from mmvis_ext.annotations.converters import official_to_coco_vid
from mmvis_ext.utils.errors import InputError, command_line
from mmvis_ext.utils.files import write_atomically


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ann_file", type=Path, help="annotation file in the official form (.json)")
    parser.add_argument("--out", type=Path, required=True, help="the CocoVID file to write (.json)")
    parser.add_argument("--workers", type=int, help="number of processes (default: one per core)")
    return parser.parse_args()


@command_line
def main() -> None:
    args = parse_args()
    if args.out.resolve() == args.ann_file.resolve():
        raise InputError(f"{args.out}: would replace the official file; choose another --out.")
    data, unseen = official_to_coco_vid(args.ann_file, workers=args.workers, progress=True)
    write_atomically(args.out, json.dumps(data).encode())
    annotations = data.get("annotations")
    masks = "no annotations" if annotations is None else f"{len(annotations)} masks"
    print(f"{args.out}: {len(data['videos'])} videos, {len(data['images'])} frames, {masks}")
    if unseen:
        print(f"left out, since no frame shows them: {len(unseen)} tracks (ids {', '.join(map(str, unseen[:10]))} ...)")


if __name__ == "__main__":
    main()
