# SPDX-License-Identifier: BSL-1.0
"""in: the library of arrays.cpp. out: status 0 if it and NumPy and PyTorch, those that are there, read each other's arrays.

Exit status 77: there is none of them.
"""
import ctypes
import gc
import importlib
import sys
import weakref

library = ctypes.CDLL(sys.argv[1])
python = ctypes.pythonapi
python.PyCapsule_GetPointer.restype = ctypes.c_void_p
python.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
python.PyCapsule_SetName.argtypes = [ctypes.py_object, ctypes.c_char_p]
python.PyCapsule_New.restype = ctypes.py_object
python.PyCapsule_New.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
NAMES = {b"dltensor": library.knit_weighted, b"dltensor_versioned": library.knit_weighted_versioned}
for f in NAMES.values():
    f.restype, f.argtypes = ctypes.c_double, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
library.knit_matrix.restype = ctypes.c_void_p
used = []  # names of capsules must live as long as these


def weighted(capsule):
    """What knit makes of an array, or says of it. The capsule is used up, as DLPack's rules have it."""
    name = next(n for n in NAMES if ctypes.pythonapi.PyCapsule_IsValid(ctypes.py_object(capsule), n))
    at = python.PyCapsule_GetPointer(capsule, name)
    used.append(b"used_" + name)
    python.PyCapsule_SetName(capsule, used[-1])
    said = ctypes.create_string_buffer(400)
    sum_ = NAMES[name](at, said, len(said))
    return said.value.decode() or sum_


class exported:
    """knit's matrix, for from_dlpack of the others."""

    def __dlpack__(self, **_):
        return python.PyCapsule_New(library.knit_matrix(), b"dltensor", None)

    def __dlpack_device__(self):
        return (1, 0)


def check(name, arange, transposed, double, read):
    expected = sum((i + 1) * i for i in range(12))
    for how in ({}, {"max_version": (1, 0)}):
        try:
            a = arange()
            capsule = a.__dlpack__(**how)
        except TypeError:
            continue  # an older one has no versions
        gone = None
        try:
            gone = weakref.ref(a)
        except TypeError:
            pass
        del a
        assert weighted(capsule) == expected, (name, how)
        del capsule
        gc.collect()
        assert gone is None or gone() is None, f"{name}: the array is still kept"
    said = weighted(transposed().__dlpack__())
    assert said.startswith("knit: an array of another library ") and "strides (1, 3), where (4, 1)" in said, (name, said)
    assert "float64, where float32 is wanted" in weighted(double().__dlpack__()), name
    w = read(exported())
    assert tuple(w.shape) == (3, 40) and float(w[2][39]) == 3902 and float(w[1][0]) == 1, name
    print(name, "ok")


there = 0
for name in ("numpy", "torch"):
    try:
        m = importlib.import_module(name)
    except ImportError:
        continue
    there += 1

    def make(rows, columns, dtype=m.float32):
        return m.arange(12, dtype=dtype).reshape(rows, columns)
    check(name, lambda: make(3, 4), lambda: make(4, 3).T, lambda: make(3, 4, m.float64), m.from_dlpack)
if not there:
    print("skipped: there is neither NumPy nor PyTorch")
    sys.exit(77)
