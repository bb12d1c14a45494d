# SPDX-License-Identifier: BSL-1.0
"""What training MNIST 784-256-10 by SGD takes in memory, and what a program that does it takes on disk: knit and its peers.

    bench/run memory

Memory is the greatest resident size of a process that trains one epoch, data included: knit's is examples/mnist_mlp, PyTorch
and JAX keep the images as bytes, too, and convert a batch at a time. On disk: the stripped program, and of the peers all
shared libraries of their packages that are loaded when it ends.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "data"))
import mnist_curve as mnist

FOLDER = ROOT / "examples" / "data" / "mnist"


def batches():
    images, labels = mnist.idx(FOLDER / "train-images-idx3-ubyte.gz"), mnist.idx(FOLDER / "train-labels-idx1-ubyte.gz")
    for s in range(0, len(images), mnist.BATCH):
        yield images[s:s + mnist.BATCH].reshape(mnist.BATCH, -1).copy(), labels[s:s + mnist.BATCH].copy()


def torch():
    import torch
    import torch.nn.functional as F
    model = torch.nn.Sequential(torch.nn.Linear(784, 256), torch.nn.ReLU(), torch.nn.Linear(256, 10))
    rule = torch.optim.SGD(model.parameters(), lr=0.1)
    for x, y in batches():
        rule.zero_grad()
        loss = F.cross_entropy(model(torch.from_numpy(x).float() / 255), torch.from_numpy(y).long())
        loss.backward()
        rule.step()
    return float(loss.detach())


def jax():
    import jax
    import jax.numpy as jnp

    def loss(p, x, y):
        h = jax.nn.relu((x.astype(jnp.float32) / 255) @ p[0] + p[1])
        scores = jax.nn.log_softmax(h @ p[2] + p[3])
        return -jnp.take_along_axis(scores, y[:, None].astype(int), 1).mean()

    @jax.jit
    def step(p, x, y):
        value, g = jax.value_and_grad(loss)(p, x, y)
        return [w - 0.1 * d for w, d in zip(p, g)], value

    p = [jnp.asarray(w.T if w.ndim == 2 else w) for w in mnist.initial()]
    for x, y in batches():
        p, value = step(p, x, y)
    return float(value)


def libraries():
    """Bytes of the shared libraries that this process has loaded from packages of Python."""
    with open("/proc/self/maps") as maps:
        files = {line.split()[-1] for line in maps if "site-packages" in line and ".so" in line}
    return sum(os.path.getsize(f) for f in files)


def measure(name, command, size=None):
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, stdout=said)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        words = said.read().split()
    if process.returncode:
        sys.exit(f"memory: {name} failed")
    bytes_on_disk = size if size is not None else int(words[-1])
    memory = usage.ru_maxrss / 1024
    print(f"{name:10} {memory:10.1f} {bytes_on_disk / 2**20:10.2f}", flush=True)
    return memory, bytes_on_disk / 2**20


def main():
    parser = argparse.ArgumentParser(prog="bench/run memory")
    parser.add_argument("--peer", choices=("torch", "jax"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        loss = {"torch": torch, "jax": jax}[options.peer]()
        if not loss < 0.5:
            sys.exit(f"memory: {options.peer} has not learnt: a loss of {loss}")
        print(libraries())
        return
    subprocess.run([ROOT / "cmake" / "build", "release", "mnist_mlp"], check=True)
    program = ROOT / "build" / "release" / "examples" / "mnist_mlp"
    with tempfile.TemporaryDirectory() as folder:
        stripped = pathlib.Path(folder) / "mnist_mlp"
        subprocess.run(["strip", "-o", stripped, program], check=True)
        size = stripped.stat().st_size
    print(f"{'':10} {'MB peak':>10} {'MB on disk':>10}")
    knit = measure("knit", [program, "--epochs", "1", "--threads", "2"], size)
    torch_, jax_ = (measure(name, [sys.executable, __file__, "--peer", peer]) for name, peer in (("PyTorch", "torch"), ("JAX", "jax")))
    print()
    for name, (memory, disk) in ("knit", knit), ("pytorch", torch_), ("jax", jax_):
        print(f"memory_{name}_mb {memory:.1f}")
        print(f"disk_{name}_mb {disk:.2f}")


if __name__ == "__main__":
    main()
