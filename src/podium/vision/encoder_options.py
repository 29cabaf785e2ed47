"""What a vision encoder lets choose."""

from __future__ import annotations

from typing import Literal

Pooling = Literal["cls", "gem", "mean"]
Rotations = Literal["none", "mean", "each"]
Framing = Literal["crop", "squash"]
BackendName = Literal["auto", "torch", "onnx"]
