"""Videos in which one thing alone is wrong: ten frames, two objects in each, and results that are right but for it."""

from vis_problems import annotation, rectangle, result, truth, video

HEIGHT, WIDTH, LENGTH = 60, 90, 10
PLACES = ((5, 5, 20, 20), (50, 30, 30, 20))  # x, y, width, height of the two objects
SHIFTED = (19, 5, 20, 20)  # shares 120 of 680 pixels with the first: IoU 0.18
NEAR = (8, 5, 20, 20)  # IoU 0.74 with the first


def track(*place: int, frames=range(LENGTH)) -> list:
    return [rectangle(HEIGHT, WIDTH, *place) if t in frames else None for t in range(LENGTH)]


def joined(one: list, other: list) -> list:
    return [b if a is None else a for a, b in zip(one, other, strict=True)]


FIRST, LAST = range(5), range(5, 10)
A, B = (track(*place) for place in PLACES)


def first_of(kind: str) -> list[tuple[int, float, list]]:
    """What is found of the first object of each video, of class 1: class, score and masks."""
    a, b = (lambda frames, p=place: track(*p, frames=frames) for place in PLACES)
    return {
        "merged": [(1, 0.9, joined(a(FIRST), b(LAST)))],
        "broken": [(1, 0.9, a(FIRST)), (1, 0.8, a(LAST))],
        "duplicate": [(1, 0.9, A), (1, 0.85, track(*NEAR))],
        "class": [(2, 0.9, A)],
        "masks": [(1, 0.9, track(*SHIFTED))],
        "both": [(2, 0.9, track(*SHIFTED))],
        "background": [(1, 0.9, A), (1, 0.85, track(70, 2, 15, 15))],
        "missed": [],
    }[kind]


def case(kind: str, videos: int = 3) -> tuple[dict, list[dict]]:
    """Ground truth and results: both objects in each video, with one kind of error at the first object alone."""
    of = [video(i, LENGTH, HEIGHT, WIDTH) for i in range(1, videos + 1)]
    truths = [annotation(2 * v["id"] + k, v, k + 1, masks) for v in of for k, masks in enumerate((A, B))]
    # scores fall from video to video, so that an error in one stands before what is right in the next
    found = [result(v, c, s - 0.1 * v["id"], masks) for v in of for c, s, masks in first_of(kind)]
    # of "merged" the second object's track is what the first one's lacks
    second = joined(track(*PLACES[1], frames=FIRST), track(*PLACES[0], frames=LAST)) if kind == "merged" else B
    found += [result(v, 2, 0.7, second) for v in of]
    return truth(of, truths), found
