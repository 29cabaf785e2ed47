"""Reading images at 640 pixels: Podium beside plain Pillow and OpenCV, in one run.

Every way reads the same generated JPEGs in turn, several times; the median of each counts. How true
a way is shows beside a full decoding with Lanczos: the mean absolute difference of pixels (0 to
255), and the share of SIFT keypoints that are found again within 2 pixels.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from measuring import cores

ROOT = Path(__file__).resolve().parents[1]
LONGEST = 640
SIZES = {"2,000 px": (2000, 1500), "1,200 px": (1200, 900), "640 px": (640, 480)}
COLUMNS = ("way", "images/s", "beside plain Pillow", "mean difference", "SIFT found again")

Read = Callable[[Path], np.ndarray]


def main() -> None:
    """Measure, and write the page."""
    import cv2

    options = _options()
    cv2.setNumThreads(1)
    parts = [_setting(options.images, options.repeats)]
    with tempfile.TemporaryDirectory() as folder:
        for name, size in SIZES.items():
            files = write_images(Path(folder) / name, size, options.images)
            rows = compare(files, options.repeats)
            parts.append(f"## From {name}\n\n{_table(rows)}")
            print(parts[-1], flush=True)
        files = sorted(Path(folder).glob("2,000 px/*.jpg"))
        parts.append(f"## Threads\n\n{threads_line(files, options.repeats)}")
        print(parts[-1])
    options.results.parent.mkdir(parents=True, exist_ok=True)
    options.results.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def write_images(folder: Path, size: tuple[int, int], count: int) -> list[Path]:
    """JPEGs with the spectrum of natural images and sharp shapes on it, quality 90."""
    import cv2

    folder.mkdir()
    width, height = size
    across, down = np.fft.rfftfreq(width), np.fft.fftfreq(height)[:, None]
    falloff = np.hypot(across, down)
    falloff[0, 0] = 1
    files = []
    for number in range(count):
        rng = np.random.default_rng([number, width])
        noise = np.fft.rfft2(rng.normal(size=(height, width, 3)), axes=(0, 1))
        smooth = np.fft.irfft2(noise / falloff[..., None] ** 1.1, s=(height, width), axes=(0, 1))
        image = (smooth / smooth.std() * 45 + 125).clip(0, 255).astype(np.uint8)
        for _ in range(60):
            colour = rng.integers(0, 255, 3).tolist()
            corners = rng.integers(0, size, (4, 2)).astype(np.int32)
            cv2.fillPoly(image, [corners], colour)
            begin, end = rng.integers(0, size, (2, 2)).tolist()
            cv2.line(image, begin, end, colour, int(rng.integers(1, 6)), cv2.LINE_AA)
        files.append(folder / f"{number:03}.jpg")
        cv2.imwrite(str(files[-1]), image, [cv2.IMWRITE_JPEG_QUALITY, 90])
    return files


def compare(files: list[Path], repeats: int) -> list[tuple[object, ...]]:
    """One row for each way, see `COLUMNS`."""
    seconds: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(repeats):
        for name, read in WAYS.items():
            began = time.perf_counter()
            for file in files:
                read(file)
            seconds[name].append(time.perf_counter() - began)
    plain = statistics.median(seconds["plain Pillow, Lanczos"])
    rows = []
    for name, read in WAYS.items():
        taken = statistics.median(seconds[name])
        difference, found = truth(files[:8], read)
        rate, ratio = len(files) / taken, plain / taken
        rows.append((name, f"{rate:.1f}", f"{ratio:.2f}", f"{difference:.2f}", f"{found:.2f}"))
    return rows


def truth(files: list[Path], read: Read) -> tuple[float, float]:
    """Mean difference from the full decoding, and keypoints of it that are found again."""
    differences, shares = [], []
    for file in files:
        image, full = read(file), pillow_lanczos(file)
        differences.append(np.abs(image.astype(int) - full).mean())
        shares.append(_found_again(full, image))
    return float(np.mean(differences)), float(np.mean(shares))


def _found_again(full: np.ndarray, image: np.ndarray) -> float:
    import cv2

    sift = cv2.SIFT_create(500)
    found = [
        sift.detectAndCompute(cv2.cvtColor(one, cv2.COLOR_RGB2GRAY), None) for one in (full, image)
    ]
    (wanted, codes), (there, others) = found
    pairs = cv2.BFMatcher().knnMatch(codes, others, k=2)
    near = [
        np.hypot(*np.subtract(wanted[best.queryIdx].pt, there[best.trainIdx].pt)) < 2
        for best, second in pairs
        if best.distance < 0.8 * second.distance
    ]
    return sum(near) / len(wanted)


def podium(file: Path) -> np.ndarray:
    """The project's reader."""
    from podium.vision.reading import read_image

    return read_image(file, longest_side=LONGEST)


def pillow_lanczos(file: Path) -> np.ndarray:
    """Decode in full, then shrink; what the others are held against."""
    return _pillow(file, "LANCZOS")


def pillow_default(file: Path) -> np.ndarray:
    """Pillow's default filter, bicubic."""
    return _pillow(file, "BICUBIC")


def _pillow(file: Path, resampling: str) -> np.ndarray:
    from PIL import Image

    with Image.open(file) as opened:
        image = opened.convert("RGB")
    return np.array(image.resize(_fit(image.size), Image.Resampling[resampling]))


def opencv_full(file: Path) -> np.ndarray:
    """OpenCV, decoded in full."""
    import cv2

    return _opencv(file, cv2.IMREAD_COLOR)


def opencv_reduced(file: Path) -> np.ndarray:
    """OpenCV at the least scale that is not below the wanted size."""
    import cv2
    from PIL import Image

    with Image.open(file) as opened:
        scale = max(opened.size) / LONGEST
    modes = {8: cv2.IMREAD_REDUCED_COLOR_8, 4: cv2.IMREAD_REDUCED_COLOR_4}
    modes |= {2: cv2.IMREAD_REDUCED_COLOR_2, 1: cv2.IMREAD_COLOR}
    return _opencv(file, next(mode for step, mode in modes.items() if scale >= step))


def _opencv(file: Path, mode: int) -> np.ndarray:
    import cv2

    image = cv2.imdecode(np.frombuffer(file.read_bytes(), np.uint8), mode)
    height, width = image.shape[:2]
    image = cv2.resize(image, _fit((width, height)), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _fit(size: tuple[int, int]) -> tuple[int, int]:
    scale = min(1.0, LONGEST / max(size))
    return round(size[0] * scale), round(size[1] * scale)


WAYS: dict[str, Read] = {
    "Podium": podium,
    "plain Pillow, Lanczos": pillow_lanczos,
    "plain Pillow, bicubic": pillow_default,
    "OpenCV, full, area": opencv_full,
    "OpenCV, reduced, area": opencv_reduced,
}


def threads_line(files: list[Path], repeats: int) -> str:
    """Images a second of a folder read on one thread and on one for each core."""
    from podium.vision.image_folder import ImageFolder

    folder = ImageFolder.open(files[0].parent)
    indices = list(range(len(folder))) * 4
    taken: dict[int, list[float]] = {1: [], cores(): []}
    for _ in range(repeats):
        for threads, seconds in taken.items():
            began = time.perf_counter()
            for _ in folder.read_many(indices, LONGEST, threads):
                pass
            seconds.append(time.perf_counter() - began)
    rates = {
        threads: len(indices) / statistics.median(seconds) for threads, seconds in taken.items()
    }
    return ", ".join(
        f"{rate:.1f} images/s on {threads} thread{'s' * (threads > 1)}"
        for threads, rate in rates.items()
    )


def _setting(images: int, repeats: int) -> str:
    import cv2
    import PIL

    written = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return (
        "# Reading images: measured\n\n"
        f"{cores()} cores ({platform.machine()}), Pillow {PIL.__version__}, OpenCV "
        f"{cv2.__version__}. Written {written} by `benchmarks/image_decoding.py`. "
        f"{images} generated JPEGs of quality 90 to a longer side of {LONGEST} px, on one thread; "
        f"median of {repeats} turns, the ways taken one after the other in each. The difference "
        "and the SIFT keypoints are held against a full decoding by Pillow with Lanczos."
    )


def _table(rows: list[tuple[object, ...]]) -> str:
    lines = [COLUMNS, ("---", *["---:"] * (len(COLUMNS) - 1)), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument(
        "--results", type=Path, default=ROOT / "benchmarks" / "results" / "image_decoding.md"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
