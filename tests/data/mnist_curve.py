# SPDX-License-Identifier: BSL-1.0
"""In: MNIST's training images. Out: mnist_curve.txt and mnist_partial.txt, losses of PyTorch that knit must repeat.

The model is 784-256-10 with relu between, loss = mean cross entropy of a batch, plain SGD with
rate 0.1, all in float32. Step s of mnist_curve.txt sees images 100 s ... 100 s + 99 of the training
set, in file order, each pixel float32(byte) / float32(255). mnist_partial.txt goes three times over the
first 1000 images in batches of 64, so the last batch of each pass has 40. The loss is taken before the
step's update.

    python tests/data/mnist_curve.py                 # needs torch; writes the files beside itself
    python tests/data/mnist_curve.py --check         # compares with the stored ones instead

The initial weights need no random number generator, so that any language can make the same:

    w1(o, i) = (2 * hash(o * 784 + i)             / 2^32 - 1) * sqrt(6 / (784 + 256))
    w2(o, i) = (2 * hash(o * 256 + i + 1,000,000) / 2^32 - 1) * sqrt(6 / (256 + 10))

with o the output, i the input, all in double and then rounded once to float32; biases are 0; and

    hash(k):  k *= 2654435761;  k ^= k >> 15;  k *= 2246822519;
              k ^= k >> 13;     k *= 3266489917;  k ^= k >> 16;        modulo 2^32 throughout
"""
import argparse
import gzip
import pathlib
import sys

import numpy as np

INPUTS, HIDDEN, CLASSES = 784, 256, 10
BATCH, RATE, CURVE_STEPS = 100, 0.1, 100

HERE = pathlib.Path(__file__).resolve().parent
MNIST = HERE.parents[1] / "examples" / "data" / "mnist"
# File, instances of a pass, size of a batch, passes.
CURVES = [("mnist_curve.txt", BATCH * CURVE_STEPS, BATCH, 1), ("mnist_partial.txt", 1000, 64, 3)]


def hash32(k):
    # Products of two 32-bit numbers fit in 64 bits, so nothing wraps before the mask does.
    mask = np.uint64(0xFFFFFFFF)
    k = (np.asarray(k, np.uint64) & mask) * np.uint64(2654435761) & mask
    k = (k ^ k >> np.uint64(15)) * np.uint64(2246822519) & mask
    k = (k ^ k >> np.uint64(13)) * np.uint64(3266489917) & mask
    return k ^ k >> np.uint64(16)


def weight(outputs, inputs, first):
    """outputs x inputs, row by row: the formula above, its counter starting at `first`."""
    unit = hash32(np.arange(first, first + outputs * inputs)).astype(np.float64) / 2.0**32
    scaled = (unit * 2 - 1) * np.sqrt(6 / (inputs + outputs))
    return scaled.astype(np.float32).reshape(outputs, inputs)


def initial():
    """w1 (256 x 784), b1, w2 (10 x 256), b2."""
    return [weight(HIDDEN, INPUTS, 0), np.zeros(HIDDEN, np.float32),
            weight(CLASSES, HIDDEN, 1_000_000), np.zeros(CLASSES, np.float32)]


def idx(path):
    with gzip.open(path) as file:
        raw = file.read()
    zeros, kind, rank = raw[:2], raw[2], raw[3]
    if zeros != b"\0\0" or kind != 8:
        sys.exit(f"{path} is not an IDX file of unsigned bytes")
    shape = np.frombuffer(raw, ">u4", rank, 4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * rank).reshape(shape.astype(int))


def train_set(folder=MNIST):
    """Images (60000 x 784) as float32 in [0, 1], labels (60000) as int64."""
    images = idx(pathlib.Path(folder) / "train-images-idx3-ubyte.gz")
    labels = idx(pathlib.Path(folder) / "train-labels-idx1-ubyte.gz")
    return (images.reshape(len(images), -1).astype(np.float32) / np.float32(255),
            labels.astype(np.int64))


def stored(name="mnist_curve.txt"):
    return [float(line) for line in (HERE / name).read_text().splitlines() if not line.startswith("#")]


def curve(folder, instances, size, passes):
    import torch
    import torch.nn.functional as F

    x, y = map(torch.from_numpy, train_set(folder))
    w1, b1, w2, b2 = parameters = [torch.from_numpy(p).requires_grad_() for p in initial()]
    sgd = torch.optim.SGD(parameters, lr=RATE)
    losses = []
    for first in [*range(0, instances, size)] * passes:
        batch = slice(first, min(first + size, instances))
        sgd.zero_grad()
        loss = F.cross_entropy(F.linear(F.relu(F.linear(x[batch], w1, b1)), w2, b2), y[batch])
        loss.backward()
        sgd.step()
        losses.append(loss.item())
    return torch.__version__, losses


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mnist", default=MNIST, help="folder of the four IDX .gz files")
    parser.add_argument("--check", action="store_true", help="compare with the stored curve")
    options = parser.parse_args()
    for name, instances, size, passes in CURVES:
        version, losses = curve(options.mnist, instances, size, passes)
        if options.check:
            worst = max(abs(a - b) / abs(b) for a, b in zip(losses, stored(name), strict=True))
            print(f"largest relative difference from {name}: {worst:.2g}")
            if worst > 1e-4:
                sys.exit(1)
            continue
        header = (f"# Loss before each of {len(losses)} SGD steps, MNIST {INPUTS}-{HIDDEN}-{CLASSES} relu, "
                  f"{passes} x {instances} images, batch {size}, rate {RATE}, float32.\n"
                  f"# Made by tests/data/mnist_curve.py (initial weights, order of data) "
                  f"with PyTorch {version} on a CPU.\n")
        (HERE / name).write_text(header + "".join(f"{loss:.9g}\n" for loss in losses))


if __name__ == "__main__":
    main()
