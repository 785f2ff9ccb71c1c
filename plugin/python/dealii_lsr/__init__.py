# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later
"""Networks from PyTorch and JAX for dealii_lsr, and refined networks back."""

from .converting import ConversionError, Layout, convert
from .exporting import ExportError, ExportReport, ExportWarning, export
from .refined import RefinedNetwork, load_refined
from .refined_file import RefinedFile, RefinedFileError, read_refined

__all__ = [
    "ConversionError",
    "ExportError",
    "ExportReport",
    "ExportWarning",
    "Layout",
    "RefinedFile",
    "RefinedFileError",
    "RefinedNetwork",
    "convert",
    "export",
    "load_refined",
    "read_refined",
]
