"""``make bench``: how fast and light the functions are beside what people would pick instead."""

from __future__ import annotations

import sys

from local.layout import ROOT

# What is measured, what a package leaves out, and what a product is are said there.
sys.path.extend(str(ROOT / folder) for folder in ("benchmarks", "template/function/scripts", "template/function/src"))

from comparison.command import bench

__all__ = ["bench"]
