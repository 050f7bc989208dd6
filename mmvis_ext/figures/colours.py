"""Maps of numbers as colours."""

import cv2
import numpy as np

__all__ = ["directions", "heat"]


def heat(values: np.ndarray, picture: np.ndarray, low: float | None = None, high: float | None = None) -> np.ndarray:
    """Lay a map over a picture, from blue for the lowest value to red for the highest.

    Args:
        values: (h,w), finite.
        picture: (H,W,3) uint8 RGB.
        low: the value that is blue; the smallest by default.
        high: the value that is red; the largest by default.

    Returns:
        (H,W,3) uint8 RGB.
    """
    low, high = values.min() if low is None else low, values.max() if high is None else high
    share = np.clip((values - low) / max(high - low, 1e-9), 0, 1)
    large = cv2.resize((share * 255).astype(np.uint8), picture.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    painted = cv2.applyColorMap(large, cv2.COLORMAP_JET)[..., ::-1]
    return cv2.addWeighted(np.ascontiguousarray(painted), 0.6, picture, 0.4, 0)


def directions(vectors: np.ndarray, size: tuple[int, int], longest: float | None = None) -> np.ndarray:
    """Paint a field of vectors: the hue says where a vector points, the brightness how long it is.

    Right is red, down is yellow-green, left is cyan and up is violet.

    Args:
        vectors: (2,h,w) x and y.
        size: (H, W) of the result.
        longest: the length that has full brightness; the largest by default.

    Returns:
        (H,W,3) uint8 RGB.
    """
    x, y = vectors
    length = np.hypot(x, y)
    longest = float(length.max()) if longest is None else longest
    hue = np.rint(np.degrees(np.arctan2(y, x)) % 360 / 2).astype(int) % 180  # OpenCV counts in steps of two degrees
    value = np.clip(length / max(longest, 1e-9), 0, 1) * 255
    painted = np.stack([hue, np.full_like(hue, 255), np.rint(value).astype(int)], axis=-1).astype(np.uint8)
    return cv2.resize(cv2.cvtColor(painted, cv2.COLOR_HSV2RGB), size[::-1], interpolation=cv2.INTER_NEAREST)
