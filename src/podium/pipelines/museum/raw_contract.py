"""The contract of Lost in the Museum's raw data: one folder of images."""

from __future__ import annotations

from podium.common.raw_contract import RawFolder

IMAGES = RawFolder("images")

RAW_FILES = {"raw_images": IMAGES}
"""Dataset name (without `museum.`) to the contract of its folder."""
