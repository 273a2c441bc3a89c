"""The engine of hq: frames, rings, kernels, and the stages that the commands run."""
from __future__ import annotations

VERSION = "0.2.0"
