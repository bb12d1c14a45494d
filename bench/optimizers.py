# SPDX-License-Identifier: BSL-1.0
"""Update rules on one parameter of 1 and of 10 million float32: knit's steps beside PyTorch's optimizers, and beside its own of
two programs.

    bench/run optimizers [RULE ...] [--rounds 15] [--only knit,torch]

The gradient is in memory already and is the same in each step, so what is timed is the update. PyTorch's is p.grad, and
optimizer.step() all that runs: one tensor after the other, for each, fused where that is there, and compiled. knit's is
the argument of a model sum(w % x), whose gradient it is; its step reads the same arrays and adds up the sum besides. Rules are
those of PyTorch's formulas, all on 2 threads. A race is 50 million updates of a number.

Then 10 million with the gradient of sum(square(w - x)) / 2, w - x, worked out in each step: in knit `fused`, in the program of the
update, and `apart`, written to memory by one program and read by the next; in PyTorch by sub into p.grad, then as above, or compiled
as one graph with optimizer.step(). knit's programs compute the sum besides, PyTorch's do not. Protocol: peers.py.
"""
import argparse
import sys
import time

import numpy as np

import peers

sys.path.insert(0, str(peers.ROOT / "tests" / "data"))
from mnist_curve import hash32  # noqa: E402

THREADS = 2
CURVE_STEPS = 10
SIZES = {"1": 1_000_000, "10": 10_000_000}
# The class in torch.optim, its numbers, how many arrays a rule remembers. Numbers are those of optimizers.cpp.
RULES = {
    "sgd": ("SGD", {"lr": 1e-3}, 0),
    "momentum": ("SGD", {"lr": 1e-3, "momentum": 0.9}, 1),
    "nesterov": ("SGD", {"lr": 1e-3, "momentum": 0.9, "nesterov": True}, 1),
    "adagrad": ("Adagrad", {"lr": 1e-2, "eps": 1e-10}, 1),
    "rmsprop": ("RMSprop", {"lr": 1e-3, "alpha": 0.99, "eps": 1e-8}, 1),
    "adadelta": ("Adadelta", {"lr": 1, "rho": 0.9, "eps": 1e-6}, 2),
    "adam": ("Adam", {"lr": 1e-3}, 2),
    "adamw": ("AdamW", {"lr": 1e-3, "weight_decay": 0.01}, 2),
}
FUSED = ("SGD", "Adagrad", "Adam", "AdamW")  # on a CPU
WRITES_GRADIENT = ("nesterov",)  # foreach does: from its second step on it would not be the same gradient


def race_steps(size):
    return 50_000_000 // SIZES[size]


def hashed(first, count):
    return (hash32(np.arange(first, first + count)) / 2.0**32 * 2 - 1).astype(np.float32)


# ---- the peer: run(n) makes n steps from the initial state and gives back seconds and eight of the weights ----------


def torch_run(rule, size, with_gradient, compiled=False, **how):
    import torch
    kind, numbers, _ = RULES[rule]
    n = SIZES[size]
    first = torch.from_numpy(2 + hashed(n, n))
    w = first.clone().requires_grad_()
    x = torch.from_numpy(hashed(0, n))
    w.grad = x.clone() if with_gradient else x
    optimizer = getattr(torch.optim, kind)([w], **numbers, **how)

    def gradient_and_step():
        with torch.no_grad():
            torch.sub(w, x, out=w.grad)
        optimizer.step()

    step = gradient_and_step if with_gradient else optimizer.step
    if compiled:
        step = torch.compile(step)
    for _ in range(2):
        step()  # it makes its states, which from here on are reset

    def run(steps):
        with torch.no_grad():
            w.copy_(first)
            for state in optimizer.state.values():
                for value in state.values():
                    if torch.is_tensor(value):
                        value.zero_()
        start = time.perf_counter()
        for _ in range(steps):
            step()
        seconds = time.perf_counter() - start
        return seconds, [w[i * (n // 8) + i].item() for i in range(8)]

    return run


def torch_single(*what):
    return torch_run(*what, foreach=False)


def torch_foreach(*what):
    return torch_run(*what, foreach=True)


def torch_fused(*what):
    return torch_run(*what, fused=True)


def torch_compiled(*what):
    return torch_run(*what, compiled=True)


# ---- the driver ------------------------------------------------------------------------------------------------


def contestants(options, rule, size, kinds, *more):
    """PyTorch's, told `more`, and knit's program in each of `kinds`."""
    names = {"torch_single": "PyTorch, one by one", "torch_foreach": "PyTorch, foreach", "torch_fused": "PyTorch, fused",
             "torch_compiled": "PyTorch, compiled"}
    everybody = [peers.function(options, name, "torch", THREADS, function, rule, "--millions", size, *more,
                                environment=peers.KEEP_MEMORY, may_fail=function == "torch_compiled")
                 for function, name in names.items()
                 if not (function == "torch_fused" and RULES[rule][0] not in FUSED)
                 and not (function == "torch_foreach" and rule in WRITES_GRADIENT and "--with-gradient" not in more)]
    everybody += [peers.program(options, f"knit, {kind}", "knit", THREADS, "optimizers", kind, rule, size) for kind in kinds]
    return [one for one in everybody if one.family in options.only]


def title(rule, size):
    return f"{rule}, {size} million"


def main(options):
    for rule in options.rules or RULES:
        lines = []
        for size in SIZES:
            steps = race_steps(size)
            gigabytes = 1e-9 * 4 * SIZES[size] * (3 + 2 * RULES[rule][2]) * steps
            with peers.race(title(rule, size), contestants(options, rule, size, ["given"])) as race:
                race.run(options.rounds)
                race.table("ms/step", 1e3 / steps, gigabytes, "GB/s", "copying")
                knit = race.knit(THREADS)
                if size == "10":
                    lines += [(f"optimizer_{rule}_vs_pytorch", peers.ratio(race.best("torch"), knit)),
                              (f"optimizer_{rule}_percent_of_bandwidth", knit and peers.percent(knit, gigabytes))]
                else:  # much of it stays in the caches
                    lines.append((f"optimizer_{rule}_{size}m_vs_pytorch", peers.ratio(race.best("torch"), knit)))
        everybody = contestants(options, rule, "10", ["fused", "apart"], "--with-gradient")
        with peers.race(title(rule, "10") + ", with its gradient", everybody) as race:
            race.run(options.rounds, peaks=())
            race.table("ms/step", 1e3 / race_steps("10"))
            fused, apart = [one for one in race.field if one.family == "knit"] or (None, None)
            lines += [(f"optimizer_{rule}_with_gradient_vs_pytorch", peers.ratio(race.best("torch"), fused)),
                      (f"optimizer_{rule}_apart_vs_fused", peers.ratio(apart, fused))]
        peers.report(lines)
        print(flush=True)


def more_options(parser):
    parser.add_argument("rules", nargs="*", metavar="RULE", help=f"of {', '.join(RULES)}; without one, all")
    parser.add_argument("--millions", choices=SIZES, default="10", help=argparse.SUPPRESS)
    parser.add_argument("--with-gradient", action="store_true", help=argparse.SUPPRESS)


if __name__ == "__main__":
    options = peers.parse(__file__, __doc__, ("knit", "torch"), more_options)
    if unknown := set(options.rules) - set(RULES):
        sys.exit(f"optimizers: no such rule: {', '.join(sorted(unknown))}")
    if options.worker:
        peers.work(options, lambda: globals()[options.worker](options.rules[0], options.millions, options.with_gradient), CURVE_STEPS,
                   race_steps(options.millions))
    else:
        peers.compete(options, lambda: main(options))
