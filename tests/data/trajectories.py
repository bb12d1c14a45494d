# SPDX-License-Identifier: BSL-1.0
"""Out: trajectories.txt, the losses of 100 steps of PyTorch's optimisers in double, that knit must repeat.

The model is 8-16-4 with tanh between, loss = mean squared error over all elements of a batch of 12, the same
batch in each step, all in float64. Inputs, targets and weights are numbers of the hash of mnist_curve.py, in
(-1, 1), here stored input by output as NumPy stores them transposed:

    x(i, n) = unit(8 n + i)             t(o, n) = unit(4 n + o + 1000)
    w1(o, i) = unit(8 o + i + 2000)     w2(o, i) = unit(16 o + i + 3000)      biases are 0

    python tests/data/trajectories.py            # needs torch; writes the file beside itself
    python tests/data/trajectories.py --check    # compares with the stored one instead
"""
import pathlib
import sys

import numpy as np
from mnist_curve import hash32

STORED = pathlib.Path(__file__).resolve().parent / "trajectories.txt"
STEPS = 100


def unit(first, *shape):
    return (hash32(np.arange(first, first + np.prod(shape))).astype(np.float64) / 2.0**32 * 2 - 1).reshape(shape)


def optimisers(torch):
    """Name in the file: a function of the parameters. The numbers are those of tests/optim/trajectories.cpp."""
    return {
        "sgd": lambda p: torch.optim.SGD(p, lr=0.1),
        # PyTorch keeps the rate out of the velocity, which with a constant rate gives the same weights.
        "momentum": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.95),
        "adam": lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.9, 0.999), eps=1e-8),
    }


def trajectory(torch, make):
    x, t = torch.from_numpy(unit(0, 12, 8)), torch.from_numpy(unit(1000, 12, 4))
    parameters = [torch.from_numpy(p).requires_grad_()
                  for p in (unit(2000, 16, 8), np.zeros(16), unit(3000, 4, 16), np.zeros(4))]
    w1, b1, w2, b2 = parameters
    optimiser = make(parameters)
    losses = []
    for _ in range(STEPS):
        optimiser.zero_grad()
        loss = torch.nn.functional.mse_loss(torch.tanh(x @ w1.T + b1) @ w2.T + b2, t)
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


def stored():
    """{name: losses}"""
    rows = [line.split() for line in STORED.read_text().splitlines() if not line.startswith("#")]
    return {row[0]: [float(x) for x in row[1:]] for row in rows}


def main():
    import torch

    made = {name: trajectory(torch, make) for name, make in optimisers(torch).items()}
    if "--check" in sys.argv[1:]:
        worst = max(abs(a - b) / abs(b) for name, losses in stored().items() for a, b in zip(made[name], losses, strict=True))
        print(f"largest relative difference from {STORED.name}: {worst:.2g}")
        sys.exit(worst > 1e-12)
    STORED.write_text(f"# Loss before each of {STEPS} steps, a line for each optimiser; made by tests/data/trajectories.py "
                      f"with PyTorch {torch.__version__} on a CPU, float64.\n" +
                      "".join(f"{name} {' '.join(f'{x:.17g}' for x in losses)}\n" for name, losses in made.items()))


if __name__ == "__main__":
    main()
