# SPDX-License-Identifier: BSL-1.0
"""Out: npy/, small files that NumPy has written, of every kind that knit reads and of some that it must refuse.

Values are 0, 1, 2, ... in the order of C, as whatever type, but for `halves` (0, 0.5, 1, ...), `beyond` and `signed`; `targets`
are x . (1, -2, 0.5) + 0.25 of the rows x of `points`.

    python tests/data/npy.py            # needs numpy; writes the files into npy/ beside itself
    python tests/data/npy.py --check    # compares with the stored ones instead
"""
import io
import pathlib
import sys
import zipfile

import numpy as np
from numpy.lib import format as npy

FOLDER = pathlib.Path(__file__).resolve().parent / "npy"


def saved(a, version=None):
    out = io.BytesIO()
    npy.write_array(out, a, version=version)
    return out.getvalue()


def archive(packed, **arrays):
    """What numpy.savez writes, with the time of members left out."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for name, a in arrays.items():
            about = zipfile.ZipInfo(name + ".npy")
            about.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
            with z.open(about, "w", force_zip64=True) as member:
                npy.write_array(member, a)
    return out.getvalue()


def upto(*shape, type="<f4"):
    return np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(type)


def files():
    for type in ("f4", "f8", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8"):
        yield type, saved(upto(2, 3, type=type))
    yield "b1", saved(np.array([False, True, True]))
    yield "halves", saved(upto(2, 3) / 2)
    yield "signed", saved(np.array([-1, 2147483647, -2147483648], "i8"))
    yield "beyond", saved(np.array([1.0, 1e300]))
    yield "version2", saved(upto(2, 3), (2, 0))
    yield "version3", saved(upto(2, 3), (3, 0))
    yield "number", saved(np.float32(7).reshape(()))
    yield "none", saved(upto(0, 3))
    yield "deep", saved(upto(2, 3, 4, 5))
    yield "fortran", saved(np.asfortranarray(upto(2, 3, 4)))
    yield "fortran_list", saved(np.asfortranarray(upto(4)))
    yield "big_endian", saved(upto(2, 3, type=">f4"))
    yield "half", saved(upto(2, 3, type="f2"))
    yield "complex", saved(upto(2, 3, type="c8"))
    yield "text", saved(np.array(["a", "bc"]))
    yield "structure", saved(np.zeros(2, [("a", "f4"), ("b", "i4")]))
    points = upto(64, 3) * 37 % 128 / np.float32(64) - 1
    yield "points", saved(points)
    yield "targets", saved(points @ np.array([1, -2, 0.5], "f4") + np.float32(0.25))
    yield "stored.npz", archive(False, x=upto(4, 3), y=np.array([0, 1, 2, 1]))
    yield "packed.npz", archive(True, x=upto(40, 3), y=np.arange(40) % 3)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, content in files():
        path = FOLDER / (name if "." in name else name + ".npy")
        if "--check" not in sys.argv:
            path.write_bytes(content)
        elif path.read_bytes() != content:
            sys.exit(f"{path.name} differs from what NumPy writes now")
