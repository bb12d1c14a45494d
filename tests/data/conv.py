# SPDX-License-Identifier: BSL-1.0
"""Out: conv.txt, what PyTorch computes in double of convolutions and pooling, that knit must repeat.

Arrays are numbers of trajectories.py's `unit`, in (-1, 1), from a given number on, in the order of memory: PyTorch's last index
and knit's first are the fastest, so x (N, C, H, W) here is W x H x C x N there.

conv_STRIDE_PADDING: of x = unit(0), 3 x 2 x 7 x 9, and w = unit(1000), 4 x 2 x 3 x 3, the result y of conv2d, then the derivatives
of the sum of y times unit(2000), with regard to w and to x.
pool, mean_pool: of x as above, windows of 3, 2 apart, and the derivative with regard to x of the sum times unit(2000).
training: the losses of 50 steps of SGD at 0.1 on 5 images of 10 x 8 x 2, unit(0), and targets unit(1000), 5 x 6: convolution
3 x 3 to 4 channels with a padding of 1, relu, pool of 2, convolution 2 x 2 to 3 channels, 2 apart, tanh, dense to 6; weights
unit(2000) / 2, unit(3000) / 2 and unit(4000) / 2, biases 0; the mean squared error.

    python tests/data/conv.py            # needs torch; writes the file beside itself
    python tests/data/conv.py --check    # compares with the stored one instead
"""
import pathlib
import sys

import torch
from torch.nn import functional as f
from trajectories import unit

STORED = pathlib.Path(__file__).resolve().parent / "conv.txt"


def array(first, *shape, by=1.0):
    return (torch.from_numpy(unit(first, *shape)) * by).requires_grad_()


def with_derivatives(make, *of):
    y = make(*of)
    (y * array(2000, *y.shape)).sum().backward()
    return [v for t in (y, *(x.grad for x in of)) for v in t.detach().flatten().tolist()]


def training():
    x, t = array(0, 5, 2, 8, 10), array(1000, 5, 6)
    parameters = w1, b1, w2, b2, w3, b3 = [array(2000, 4, 2, 3, 3, by=0.5), torch.zeros(4).double().requires_grad_(),
                                           array(3000, 3, 4, 2, 2, by=0.5), torch.zeros(3).double().requires_grad_(),
                                           array(4000, 6, 12, by=0.5), torch.zeros(6).double().requires_grad_()]
    parameters = [torch.nn.Parameter(p.detach()) for p in parameters]
    w1, b1, w2, b2, w3, b3 = parameters
    optimiser, losses = torch.optim.SGD(parameters, lr=0.1), []
    for _ in range(50):
        optimiser.zero_grad()
        h = f.max_pool2d(f.relu(f.conv2d(x.detach(), w1, b1, padding=1)), 2)
        h = torch.tanh(f.conv2d(h, w2, b2, stride=2))
        loss = f.mse_loss(h.flatten(1) @ w3.T + b3, t.detach())
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


def all_of_it():
    made = {f"conv_{s}_{p}": with_derivatives(lambda w, x, s=s, p=p: f.conv2d(x, w, stride=s, padding=p), array(1000, 4, 2, 3, 3), array(0, 3, 2, 7, 9))
            for s, p in ((1, 0), (1, 1), (2, 1), (3, 2))}
    made["pool"] = with_derivatives(lambda x: f.max_pool2d(x, 3, 2), array(0, 3, 2, 7, 9))
    made["mean_pool"] = with_derivatives(lambda x: f.avg_pool2d(x, 3, 2), array(0, 3, 2, 7, 9))
    made["training"] = training()
    return made


def main():
    made = all_of_it()
    if "--check" in sys.argv[1:]:
        rows = [line.split() for line in STORED.read_text().splitlines() if not line.startswith("#")]
        worst = max(abs(a - float(b)) for row in rows for a, b in zip(made[row[0]], row[1:], strict=True))
        print(f"largest difference from {STORED.name}: {worst:.2g}")
        sys.exit(worst > 1e-12)
    STORED.write_text(f"# Made by tests/data/conv.py with PyTorch {torch.__version__} on a CPU, float64.\n" +
                      "".join(f"{name} {' '.join(f'{x:.17g}' for x in numbers)}\n" for name, numbers in made.items()))


if __name__ == "__main__":
    main()
