# SPDX-License-Identifier: BSL-1.0
"""Out: safetensors/model.safetensors and safetensors/types.safetensors, written by the format's own library.

model: a network of two dense layers and a convolution as PyTorch has them: "0.w" (4, 3) and "0.b" (4) of a Linear, "1.f"
(2, 3, 5, 4) of a Conv2d (out, in, height, width), in float64 "2.w" (2, 4); number i of each, in C's order, is i / 8 - 1.
"x" (2, 3) and "y" (2, 4) are two instances, numbers i / 4, and x @ w.T + b as NumPy computes it.
types: an array of each type that NumPy has, of 0, 1 and 2 axes and without elements, and a text with what JSON escapes.

    python tests/data/safetensors.py            # needs safetensors and numpy; writes the files
    python tests/data/safetensors.py --check F  # says whether the library reads from F what model.safetensors holds
"""
import pathlib
import sys

import numpy as np

sys.path.pop(0)  # this file has the library's name
from safetensors.numpy import load_file, save_file

HERE = pathlib.Path(__file__).resolve().parent / "safetensors"


def numbers(*shape, type=np.float32, by=8):
    return (np.arange(np.prod(shape, dtype=int)) / by - 1).astype(type).reshape(shape)


def model():
    w, b, x = numbers(4, 3), numbers(4), numbers(2, 3, by=4)
    return {"0.w": w, "0.b": b, "1.f": numbers(2, 3, 5, 4), "2.w": numbers(2, 4, type=np.float64), "x": x, "y": x @ w.T + b}


def types():
    made = {f"a.{np.dtype(t).name}": np.arange(3).astype(t) for t in (
        np.uint64, np.int64, np.float64, np.float32, np.uint32, np.int32, np.float16, np.uint16, np.int16, np.int8, np.uint8, np.bool_)}
    return made | {"none": np.zeros((0, 3), np.float32), "one": np.array(1.5), "z": np.ones((2, 1), np.uint8)}


def main():
    if sys.argv[1:2] == ["--check"]:
        stored, wanted = load_file(sys.argv[2]), model()
        assert stored.keys() == wanted.keys(), stored.keys()
        for name, a in wanted.items():
            assert stored[name].dtype == a.dtype and np.array_equal(stored[name], a), name
        return
    HERE.mkdir(exist_ok=True)
    save_file(model(), HERE / "model.safetensors")
    save_file(types(), HERE / "types.safetensors", {"text": '"\\/\b\f\n\r\t\x01\x7f\u00e9\u20ac\U0001f600'})


main()
