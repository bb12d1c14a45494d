# SPDX-License-Identifier: BSL-1.0
"""Out: logistic.txt, where SciPy's BFGS ends, in float64, on a logistic regression: the loss, the weights class by class,
the biases.

Inputs, labels and the start are numbers of the hash of mnist_curve.py, in (-1, 1): 6 features, 4 classes, 60 instances,

    x(i, n) = 2 unit(6 n + i)           label(n) = floor(2 (unit(1000 + n) + 1))           weights and biases begin at 0

    loss = mean over n of (logsumexp(z(n)) - z(label(n), n)) + 0.01 sum w^2,   z = w x + b

    python tests/data/logistic.py            # needs numpy and scipy; writes the file beside itself
    python tests/data/logistic.py --check    # compares with the stored one instead
"""
import pathlib
import sys

import numpy as np
from mnist_curve import hash32
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax

STORED = pathlib.Path(__file__).resolve().parent / "logistic.txt"
FEATURES, CLASSES, INSTANCES = 6, 4, 60


def unit(first, count):
    return hash32(np.arange(first, first + count)).astype(np.float64) / 2.0**32 * 2 - 1


def main():
    x = 2 * unit(0, FEATURES * INSTANCES).reshape(INSTANCES, FEATURES)
    label = np.floor(2 * (unit(1000, INSTANCES) + 1)).astype(int)
    truth = np.eye(CLASSES)[label]

    def loss(p):
        w, b = p[:-CLASSES].reshape(CLASSES, FEATURES), p[-CLASSES:]
        z = x @ w.T + b
        error = (softmax(z, axis=1) - truth) / INSTANCES
        value = np.mean(logsumexp(z, axis=1) - z[np.arange(INSTANCES), label]) + 0.01 * np.sum(w * w)
        return value, np.concatenate([(error.T @ x + 0.02 * w).ravel(), error.sum(axis=0)])

    found = minimize(loss, np.zeros(CLASSES * (FEATURES + 1)), jac=True, method="BFGS", options={"gtol": 1e-11})
    rows = [found.fun, *found.x]
    if "--check" not in sys.argv:
        STORED.write_text("".join(f"{v:.12e}\n" for v in rows))
    elif not np.allclose(np.loadtxt(STORED), rows, rtol=1e-8, atol=1e-9):
        sys.exit(f"{STORED.name} is not where SciPy ends")


main()
