# SPDX-License-Identifier: BSL-1.0
"""One epoch of MNIST 784-256-10 (relu, batch 100, SGD 0.1, float32): knit, PyTorch and JAX in one run.

    bench/run mnist_mlp [PROGRAM] [--rounds 15] [--only knit,torch,jax] [--mnist FOLDER]

PROGRAM is knit's contestant; by default $KNIT_BENCH/bench_mnist_mlp. Every contestant is a process
of its own, so that its number of threads holds, and speaks lines:

    it reads   it does                                          it writes
    curve      100 steps from the initial weights               100 losses
    epoch      an epoch from the initial weights, which it      seconds and the sum of the 600 losses
               sets, untimed, before
    peak       (knit only) measure FMAs now, on its threads     GF/s

or `error WHY`. knit's is started as `PROGRAM --worker --threads N` in the repository's root. Data,
initial weights and losses are those of tests/data/mnist_curve.py; nothing is timed unless all curves
agree with the stored one. A contestant that is not being timed is stopped (SIGSTOP), so the
threads of a peer may spin between its kernels, as they do by default and as is fastest for it, and
disturb nobody.
"""
import argparse
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
from statistics import median

ROOT = pathlib.Path(__file__).resolve().parents[1]
MAKE_PEERS = ("Make the peers with bench/make_peers build/peers and run this with build/peers/bin/python; "
              "bench/run mnist_mlp does both")
sys.path.insert(0, str(ROOT / "tests" / "data"))
try:
    import mnist_curve as mnist
except ImportError as why:
    sys.exit(f"mnist_mlp: {why}.\n{MAKE_PEERS}")

STEPS = 600
FLOP = STEPS * 2 * 100 * (784 * 256 * 2 + 256 * 10 * 3)
TOLERANCE = 1e-4  # relative; of each of the first 100 losses, and of the sum of an epoch's 600

# name: (family, threads, the function below that makes a peer's worker).
CONTESTANTS = {
    "knit, 1 thread": ("knit", 1, None),
    "knit, 2 threads": ("knit", 2, None),
    "PyTorch eager, 1 thread": ("torch", 1, "torch_eager"),
    "PyTorch eager, 2 threads": ("torch", 2, "torch_eager"),
    "PyTorch compiled, 1 thread": ("torch", 1, "torch_compiled"),
    "PyTorch compiled, 2 threads": ("torch", 2, "torch_compiled"),
    "JAX scan, 1 thread": ("jax", 1, "jax_scan"),
    "JAX scan, 2 threads": ("jax", 2, "jax_scan"),
    "JAX step, 1 thread": ("jax", 1, "jax_step"),
    "JAX step, 2 threads": ("jax", 2, "jax_step"),
}


# The peers. Each of these takes data and returns run(n): n steps from the initial weights; it gives back
# the seconds that these took and their losses.

def torch_eager(x, y):
    import torch
    import torch.nn.functional as F

    x, y = torch.from_numpy(x), torch.from_numpy(y)
    first = [torch.from_numpy(p) for p in mnist.initial()]
    w1, b1, w2, b2 = parameters = [p.clone().requires_grad_() for p in first]
    sgd = torch.optim.SGD(parameters, lr=mnist.RATE, fused=True)

    def run(steps):
        with torch.no_grad():
            for p, value in zip(parameters, first):
                p.copy_(value)
        losses = []
        start = time.perf_counter()
        for s in range(0, steps * mnist.BATCH, mnist.BATCH):
            images, labels = x[s:s + mnist.BATCH], y[s:s + mnist.BATCH]
            sgd.zero_grad(set_to_none=True)
            loss = F.cross_entropy(F.linear(F.relu(F.linear(images, w1, b1)), w2, b2), labels)
            loss.backward()
            sgd.step()
            losses.append(loss.detach())
        return time.perf_counter() - start, [loss.item() for loss in losses]

    return run


def torch_compiled(x, y):
    """The whole step, gradient and update, is one graph: 1.5 times as fast as compiling the loss only."""
    import torch
    import torch.nn.functional as F

    x, y = torch.from_numpy(x), torch.from_numpy(y)
    first = [torch.from_numpy(p) for p in mnist.initial()]
    parameters = [p.clone() for p in first]

    def loss_of(parameters, images, labels):
        w1, b1, w2, b2 = parameters
        return F.cross_entropy(F.linear(F.relu(F.linear(images, w1, b1)), w2, b2), labels)

    @torch.compile(fullgraph=True, mode="max-autotune-no-cudagraphs")
    def step(images, labels):
        gradient, loss = torch.func.grad_and_value(loss_of)(parameters, images, labels)
        for p, g in zip(parameters, gradient):
            p.sub_(g, alpha=mnist.RATE)
        return loss

    def run(steps):
        for p, value in zip(parameters, first):
            p.copy_(value)
        losses = []
        start = time.perf_counter()
        for s in range(0, steps * mnist.BATCH, mnist.BATCH):
            losses.append(step(x[s:s + mnist.BATCH], y[s:s + mnist.BATCH]))
        return time.perf_counter() - start, [loss.item() for loss in losses]

    return run


def jax_descent():
    """(parameters, (images, labels)) -> (new parameters, loss). Weights output by input: the faster way."""
    import jax
    import jax.numpy as jnp

    def loss_of(parameters, images, labels):
        w1, b1, w2, b2 = parameters
        log_p = jax.nn.log_softmax(jax.nn.relu(images @ w1.T + b1) @ w2.T + b2)
        return -jnp.where(labels[:, None] == jnp.arange(mnist.CLASSES), log_p, 0).sum(1).mean()

    def step(parameters, batch):
        loss, gradient = jax.value_and_grad(loss_of)(parameters, *batch)
        return [p - mnist.RATE * g for p, g in zip(parameters, gradient)], loss

    return step


def jax_scan(x, y):
    import jax
    import jax.numpy as jnp

    x, y = jnp.array(x.reshape(-1, mnist.BATCH, mnist.INPUTS)), jnp.array(y.reshape(-1, mnist.BATCH))
    epoch = jax.jit(lambda parameters, x, y: jax.lax.scan(jax_descent(), parameters, (x, y)),
                    donate_argnums=0)

    def run(steps):
        batches = (x, y) if steps == len(x) else (x[:steps], y[:steps])
        parameters = [jnp.array(p) for p in mnist.initial()]
        jax.block_until_ready((batches, parameters))
        start = time.perf_counter()
        result = jax.block_until_ready(epoch(parameters, *batches))
        return time.perf_counter() - start, result[1].tolist()

    return run


def jax_step(x, y):
    import jax
    import jax.numpy as jnp

    # Cut beforehand: a slice of a JAX array is a dispatch of its own, which a view in PyTorch is not.
    batches = [(jnp.array(x[s:s + mnist.BATCH]), jnp.array(y[s:s + mnist.BATCH]))
               for s in range(0, len(x), mnist.BATCH)]
    step = jax.jit(jax_descent(), donate_argnums=0)

    def run(steps):
        parameters = [jnp.array(p) for p in mnist.initial()]
        jax.block_until_ready((batches, parameters))
        losses = []
        start = time.perf_counter()
        for batch in batches[:steps]:
            parameters, loss = step(parameters, batch)
            losses.append(loss)
        jax.block_until_ready((parameters, losses))
        return time.perf_counter() - start, [float(loss) for loss in losses]

    return run


def work(variant, threads, folder):
    """A peer's process: the protocol above."""
    # Whatever else prints (compilers do) goes to stderr; only answers go to the pipe.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    try:
        if variant.startswith("torch"):
            import torch
            torch.set_num_threads(threads)
        else:
            import jax
            jax.config.update("jax_platforms", "cpu")
        run = globals()[variant](*mnist.train_set(folder))
        for line in sys.stdin:
            if line.strip() == "curve":
                print(*(f"{loss:.9g}" for loss in run(mnist.CURVE_STEPS)[1]), file=answers)
            elif line.strip() == "epoch":
                seconds, losses = run(STEPS)
                print(f"{seconds:.9g} {sum(losses):.9g}", file=answers)
            else:
                print(f"error unknown request '{line.strip()}'", file=answers)
    except Exception as why:
        print(f"error {type(why).__name__}: {' '.join(str(why).split())[:300]}", file=answers)
        raise


# The driver.

class failure(Exception):
    pass


class contestant:
    """A process, stopped except while it answers."""

    def __init__(self, name, options):
        self.name = name
        self.family, self.threads, variant = CONTESTANTS[name]
        self.seconds, self.peaks = [], []
        command = [options.program, "--worker", "--threads", str(self.threads)]
        if variant:
            command = [sys.executable, __file__, "--worker", variant, "--threads", str(self.threads),
                       "--mnist", str(options.mnist)]
        n = str(self.threads)
        environment = os.environ | {
            "OMP_NUM_THREADS": n, "MKL_NUM_THREADS": n,
            "NPROC": n,  # the size of XLA's pool of threads
            "TORCHINDUCTOR_COMPILE_THREADS": "1",  # no pool of compilers that outlives compiling
        }
        self.log = tempfile.TemporaryFile("w+")
        try:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment, text=True, bufsize=1, stderr=self.log,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        except OSError as why:
            raise failure(f"{self.name}: cannot start {command[0]}: {why.strerror}") from None

    def ask(self, request):
        self.process.send_signal(signal.SIGCONT)
        try:
            self.process.stdin.write(request + "\n")
        except BrokenPipeError:
            pass  # it has ended; what it wrote before says why
        answer = self.process.stdout.readline()
        if not answer or answer.startswith("error"):
            self.process.kill()
            self.process.wait()
            self.log.seek(0)
            raise failure(f"{self.name}: {answer.strip() or 'ended without an answer'}",
                          self.log.read()[-3000:])
        self.process.send_signal(signal.SIGSTOP)
        return [float(word) for word in answer.split()]

    def race(self):
        seconds, losses = self.ask("epoch")
        return seconds, losses

    def end(self):
        self.process.kill()  # reaches a stopped process as well
        self.process.wait()


def prepare(name, options):
    """Starts a contestant, checks its curve against the stored one, and warms it up."""
    one = contestant(name, options)
    try:
        losses = one.ask("curve")
        reference = mnist.stored()
        if len(losses) != len(reference):
            raise failure(f"{name}: its curve has {len(losses)} losses, not {len(reference)}")
        apart = [abs(ours - stored) / stored for ours, stored in zip(losses, reference)]
        for step, off in enumerate(apart):
            if not off <= TOLERANCE:  # so that nan is refused too
                raise failure(f"{name}: its loss at step {step} is {losses[step]:.9g}, {off:.2g} (relative) from "
                              f"{reference[step]:.9g} in {mnist.STORED.name}; nothing was timed")
        for _ in range(2):
            one.sum = one.race()[1]
        print(f"  {name:<28} curve within {max(apart):.1e}, an epoch's losses sum to {one.sum:.6f}", flush=True)
    except BaseException:
        one.end()
        raise
    return one


def enter(options):
    """All contestants asked for; compiled PyTorch alone may be missing, where there is no compiler."""
    print("Loss curves, and warming up:", flush=True)
    field = []
    try:
        for name, (family, _, variant) in CONTESTANTS.items():
            if family not in options.only:
                continue
            try:
                field.append(prepare(name, options))
            except failure as why:
                if variant != "torch_compiled" or "nothing was timed" in why.args[0]:
                    raise
                print(f"  {why.args[0][:160]} ...: left out", flush=True)
    except BaseException:
        for one in field:
            one.end()
        raise
    return field


def race(field, rounds):
    expected = field[0].sum
    for r in range(rounds):
        # Rotated, and backwards every other round, so that nobody always follows the same one.
        first = r % len(field)
        order = field[first:] + field[:first]
        for one in order if r % 2 == 0 else reversed(order):
            seconds, losses = one.race()
            if not abs(losses - expected) <= TOLERANCE * expected:
                raise failure(f"{one.name}: the losses of round {r} sum to {losses}, not {expected}")
            one.seconds.append(seconds)
            if one.family == "knit":
                one.peaks.append(one.ask("peak")[0])


def table(field):
    # A maximum far above its median tells of other work on this machine: run again when that is done.
    print(f"\n{'':<28} {'min':>9} {'median':>9} {'max':>9} {'GF/s':>9} {'peak':>9}\n"
          f"{'':<28} {'ms/epoch':>9} {'ms/epoch':>9} {'ms/epoch':>9} {'(median)':>9} {'GF/s':>9}")
    for one in field:
        low, middle, high = (1e3 * f(one.seconds) for f in (min, median, max))
        peak = f" {median(one.peaks):9.1f}" if one.peaks else ""
        print(f"{one.name:<28} {low:9.1f} {middle:9.1f} {high:9.1f} {FLOP / middle / 1e6:9.1f}{peak}")
    print(flush=True)


def results(field):
    """(name, value): per-round ratios, their median; a peer is its variant with the lowest median."""
    def best(family, threads):
        fit = [one for one in field if one.family == family and one.threads in threads]
        return min(fit, key=lambda one: median(one.seconds), default=None)

    # Two threads against the better of a peer's counts; one thread against one thread.
    for prefix, threads in ("mnist_mlp_sgd", {1, 2}), ("mnist_mlp_sgd_1thread", {1}):
        knit = next((one for one in field if one.family == "knit" and one.threads == max(threads)), None)
        if knit is None:
            continue
        yield f"{prefix}_ms_per_epoch", 1e3 * median(knit.seconds)
        yield f"{prefix}_percent_of_peak", median(
            100 * FLOP / s / 1e9 / peak for s, peak in zip(knit.seconds, knit.peaks))
        for family, label in ("torch", "pytorch"), ("jax", "jax"):
            peer = best(family, threads)
            if peer is not None:
                yield f"{prefix}_vs_{label}", median(
                    theirs / ours for theirs, ours in zip(peer.seconds, knit.seconds))


def missing(options):
    """What keeps the contestants asked for from starting, in a sentence, or None."""
    for package in "torch", "jax":
        if package in options.only:
            probe = subprocess.run([sys.executable, "-c", f"import {package}"], capture_output=True, text=True)
            if probe.returncode:
                why = (probe.stderr.strip().splitlines() or ["no reason given"])[-1]
                others = ",".join(name for name in options.only if name != package)
                return f"{package} does not import ({why}).\n{MAKE_PEERS}. Or leave it out: --only {others or 'knit'}"
    if "knit" in options.only and not os.access(options.program, os.X_OK):
        return (f"there is no program {options.program}.\nbench/run mnist_mlp builds it and runs this; "
                f"or name it as the first argument, or leave it out: --only torch,jax")
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="?", help="knit's contestant")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", default="knit,torch,jax", help="which of knit, torch, jax; by commas")
    parser.add_argument("--mnist", type=pathlib.Path, default=mnist.MNIST, help="folder of the IDX .gz files (peers)")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--threads", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.mnist = options.mnist.resolve()
    if options.worker:
        return work(options.worker, options.threads, options.mnist)

    options.program = os.path.abspath(
        options.program or os.path.join(os.environ.get("KNIT_BENCH", ROOT / "build/release/bench"), "bench_mnist_mlp"))
    options.only = options.only.split(",")
    if unknown := set(options.only) - {"knit", "torch", "jax"}:
        parser.error(f"--only takes knit, torch, jax; not {', '.join(sorted(unknown))}")
    if options.rounds < 1:
        parser.error("--rounds takes a positive number")
    if why := missing(options):
        sys.exit(f"mnist_mlp: {why}")

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that `finally` ends the stopped processes
    field = []
    try:
        field = enter(options)
        race(field, options.rounds)
        table(field)
        for name, value in results(field):
            print(f"{name} {value:.4g}")
    except failure as why:
        for part in reversed(why.args):
            print(part, file=sys.stderr)
        sys.exit(1)
    finally:
        for one in field:
            one.end()


if __name__ == "__main__":
    main()
