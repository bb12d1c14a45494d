# SPDX-License-Identifier: BSL-1.0
"""Value and gradient of mean(square(sigm(v))), v of 4096, 65536 and 16777216 float32, evaluated again and again.

    bench/run chain [LENGTH] [--rounds 15] [--only knit,torch,jax]

The peak is the memory's: bytes read and written by a copy of 64 MB in the same round, by the best of several ways. Each
evaluation must at least read v and write its gradient, 8 bytes an element; what is smaller than a cache may be
faster than the memory. Protocol and rules: peers.py.
"""
import sys
import time
from statistics import median

import numpy as np

import peers

sys.path.insert(0, str(peers.ROOT / "tests" / "data"))
from mnist_curve import hash32  # noqa: E402

TIMES = {4096: 5000, 65536: 400, 16777216: 3}  # evaluations in a race


def argument(length):
    return (4 * (hash32(np.arange(length)) / 2.0**32 * 2 - 1)).astype(np.float32)


def numbers(length, value, gradient):
    """The value, and eight elements of the gradient times the length."""
    return [float(value)] + [float(gradient[i * (length // 8) + i]) * length for i in range(8)]


def torch_eager(length):
    import torch
    v = torch.from_numpy(argument(length)).requires_grad_()

    def run(times):
        start = time.perf_counter()
        for _ in range(times):
            v.grad = None
            value = torch.sigmoid(v).square().mean()
            value.backward()
        return time.perf_counter() - start, numbers(length, value.detach(), v.grad)

    return run


def torch_compiled(length):
    import torch
    v = torch.from_numpy(argument(length))
    both = torch.compile(torch.func.grad_and_value(lambda v: torch.sigmoid(v).square().mean()),
                         fullgraph=True, mode="max-autotune-no-cudagraphs")

    def run(times):
        start = time.perf_counter()
        for _ in range(times):
            gradient, value = both(v)
        return time.perf_counter() - start, numbers(length, value, gradient)

    return run


def jax_jit(length):
    import jax
    import jax.numpy as jnp
    v = jnp.array(argument(length))
    both = jax.jit(jax.value_and_grad(lambda v: jnp.mean(jnp.square(jax.nn.sigmoid(v)))))

    def run(times):
        jax.block_until_ready(v)
        start = time.perf_counter()
        for _ in range(times):
            value, gradient = jax.block_until_ready(both(v))
        return time.perf_counter() - start, numbers(length, value, gradient)

    return run


def entries(options, length):
    def name(what, threads):
        return f"{what}, {threads} thread{'s' * (threads > 1)}"

    words = (length, TIMES[length])
    everybody = [
        peers.function(options, name(what, n), family, n, function, length, environment=peers.KEEP_MEMORY,
                       may_fail=function == "torch_compiled")
        for what, family, function in (("PyTorch eager", "torch", "torch_eager"),
                                       ("PyTorch compiled", "torch", "torch_compiled"), ("JAX", "jax", "jax_jit"))
        for n in (1, 2)]
    everybody += [peers.program(options, name("knit", n), "knit", n, "chain", *words) for n in (1, 2)]
    return [one for one in everybody if one.family in options.only]


def main(options):
    for length in [options.length] if options.length else TIMES:
        with peers.race(f"{length} elements", entries(options, length)) as race:
            race.run(options.rounds)
            bytes_of_race = 8e-9 * length * TIMES[length]
            race.table("us/run", 1e6 / TIMES[length], bytes_of_race, "GB/s", "memory")
            knit = race.knit(2)
            lines = [(f"chain_{length}_us", knit and 1e6 / TIMES[length] * median(knit.seconds)),
                     (f"chain_{length}_vs_pytorch", peers.ratio(race.best("torch"), knit)),
                     (f"chain_{length}_vs_jax", peers.ratio(race.best("jax"), knit))]
            if length == max(TIMES) and knit:
                lines.append((f"chain_{length}_percent_of_memory", peers.percent(knit, bytes_of_race)))
            peers.report(lines)
            print(flush=True)


if __name__ == "__main__":
    options = peers.parse(__file__, __doc__, ("knit", "torch", "jax"),
                          lambda parser: parser.add_argument("length", nargs="?", type=int, choices=TIMES, help="only this one"))
    if options.worker:
        peers.work(options, lambda: globals()[options.worker](options.length), 1, TIMES[options.length])
    else:
        peers.compete(options, lambda: main(options))
