# SPDX-License-Identifier: BSL-1.0
"""Out: trajectories.txt, the losses of 100 steps of PyTorch's optimisers in double, that knit must repeat; of rules that
PyTorch has not (Knet's place of epsilon, Lion, clipping without an epsilon) by their formulas on PyTorch's gradients.

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


class ByFormula:
    """step(w, g, state) -> w's next value, for each parameter; `prepare` sees all gradients first."""

    def __init__(self, parameters, step, prepare=None):
        self.parameters, self.formula, self.prepare = parameters, step, prepare
        self.states = [{} for _ in parameters]

    def zero_grad(self):
        for p in self.parameters:
            p.grad = None

    def step(self):
        if self.prepare:
            self.prepare([p.grad for p in self.parameters])
        for p, state in zip(self.parameters, self.states):
            p.data = self.formula(p.data, p.grad, state)


class Scheduled:
    def __init__(self, optimiser, schedule):
        self.optimiser, self.schedule = optimiser, schedule(optimiser)

    def zero_grad(self):
        self.optimiser.zero_grad()

    def step(self):
        self.optimiser.step()
        self.schedule.step()


class Together:
    def __init__(self, *optimisers):
        self.optimisers = optimisers

    def zero_grad(self):
        for o in self.optimisers:
            o.zero_grad()

    def step(self):
        for o in self.optimisers:
            o.step()


def knet_adagrad(w, g, s, lr=0.1, eps=1e-3):
    s["G"] = s.get("G", 0) + g * g
    return w - lr * g / (s["G"] + eps).sqrt()


def knet_rmsprop(w, g, s, lr=0.01, rho=0.9, eps=1e-3):
    s["G"] = rho * s.get("G", 0) + (1 - rho) * g * g
    return w - lr * g / (s["G"] + eps).sqrt()


def lion(w, g, s, lr=0.01, beta1=0.9, beta2=0.99, decay=0.1):
    m = s.get("m", 0 * g)
    s["m"] = beta2 * m + (1 - beta2) * g
    return w * (1 - lr * decay) - lr * (beta1 * m + (1 - beta1) * g).sign()


def clipped_momentum(w, g, s, lr=0.05, gamma=0.9, most=0.2):
    """Each parameter's gradient by its own norm."""
    norm = (g * g).sum().sqrt()
    s["v"] = gamma * s.get("v", 0) + (g * (most / norm) if norm > most else g)
    return w - lr * s["v"]


def decaying(w, g, s, lr=0.1, decay=0.01):
    return w - lr * (g + decay * w)


def clip_all(most):
    def prepare(gradients):
        norm = sum((g * g).sum() for g in gradients).sqrt()
        if norm > most:
            for g in gradients:
                g *= most / norm

    return prepare


def optimisers(torch):
    """Name in the file: a function of the parameters. The numbers are those of tests/optim/*.cpp."""
    return {
        "sgd": lambda p: torch.optim.SGD(p, lr=0.1),
        # PyTorch keeps the rate out of the velocity, which with a constant rate gives the same weights.
        "momentum": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.95),
        "adam": lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.9, 0.999), eps=1e-8),
        "nesterov": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
        "adagrad": lambda p: torch.optim.Adagrad(p, lr=0.1, eps=1e-3),
        "knet_adagrad": lambda p: ByFormula(p, knet_adagrad),
        "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.9, eps=1e-3),
        "knet_rmsprop": lambda p: ByFormula(p, knet_rmsprop),
        "adadelta": lambda p: torch.optim.Adadelta(p, lr=0.5, rho=0.9, eps=1e-4),
        "adamw": lambda p: torch.optim.AdamW(p, lr=0.01, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.1),
        "lion": lambda p: ByFormula(p, lion),
        "decay": lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.01),
        "groups": lambda p: torch.optim.AdamW([{"params": p[0::2]}, {"params": p[1::2], "weight_decay": 0}], lr=0.01, weight_decay=0.1),
        "one_by_adam": lambda p: Together(torch.optim.SGD(p[1:], lr=0.05), torch.optim.Adam(p[:1], lr=0.01)),
        "clip_each": lambda p: ByFormula(p, clipped_momentum),
        "clip_all": lambda p: ByFormula(p, decaying, clip_all(0.5)),
        "cosine": lambda p: Scheduled(torch.optim.SGD(p, lr=0.1), lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 100, 0.02)),
        "step_decay": lambda p: Scheduled(torch.optim.SGD(p, lr=0.1), lambda o: torch.optim.lr_scheduler.StepLR(o, 30, 0.5)),
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
