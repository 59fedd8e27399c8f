"""Seconds of a training step of the same networks in torchlogix, on the CPU.

    python scripts/train-bench-peers.py THREADS [network ...]

Printed are the processor time of a step (of all threads), and the median and the least of the
wall clock. Network d has DWN's learnable mapping (its rule written out in torch, since torch-dwn
needs CUDA) in front of torchlogix's six-input nodes.
"""

import resource
import statistics
import sys
import time
import types

import torch

try:
    from torchlogix.layers import GroupSum, LogicDense
except SyntaxError:
    # Its code generator needs Python 3.12 and has no part in training.
    circuit = types.ModuleType("torchlogix.circuit")
    circuit.Circuit = object
    for name in [name for name in sys.modules if name.startswith("torchlogix")]:
        del sys.modules[name]
    sys.modules["torchlogix.circuit"] = circuit
    from torchlogix.layers import GroupSum, LogicDense


def six_inputs(kind, inputs):
    """Two layers of six-input nodes."""
    layers = [LogicDense(inputs, 1024, lut_rank=6, parametrization=kind)]
    layers.append(LogicDense(1024, 1000, lut_rank=6, parametrization=kind))
    return torch.nn.Sequential(*layers, GroupSum(10, tau=10)), inputs


def gates():
    """Six layers of 8000 two-input gates."""
    widths = [784] + 6 * [8000]
    layers = [LogicDense(a, b, lut_rank=2, parametrization="raw") for a, b in zip(widths, widths[1:])]
    return torch.nn.Sequential(*layers, GroupSum(10, tau=10)), 784


class Choice(torch.autograd.Function):
    """DWN's learnable mapping in a first layer."""

    @staticmethod
    def forward(ctx, x, weights):
        ctx.save_for_backward(x)
        return x[:, weights.argmax(dim=0)]

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return None, (2 * x - 1).T @ grad


class Learnable(torch.nn.Module):
    def __init__(self, inputs, width):
        super().__init__()
        self.weights = torch.nn.Parameter(torch.rand(inputs, width * 6))
        self.nodes = LogicDense(width * 6, width, lut_rank=6, parametrization="warp")

    def forward(self, x):
        return self.nodes(Choice.apply(x, self.weights))


def dwn():
    nodes = LogicDense(2000, 1000, lut_rank=6, parametrization="warp")
    return torch.nn.Sequential(Learnable(2352, 2000), nodes, GroupSum(10, tau=3.333)), 2352


NETWORKS = {
    "a and b: 3136 -> 1024 -> 1000, warp": (lambda: six_inputs("warp", 3136), 128, 20),
    "a and b: 3136 -> 1024 -> 1000, light": (lambda: six_inputs("light", 3136), 128, 10),
    "c: 784 -> 6 x 8000, raw": (gates, 128, 10),
    "d: 2352 -> learnable 2000 -> 1000, warp": (dwn, 32, 10),
}


def measure(name, make, batch, steps):
    torch.manual_seed(0)
    model, inputs = make()
    x, y = (torch.rand(4096, inputs) > 0.5).float(), torch.randint(0, 10, (4096,))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    wall, processor = [], []
    for step in range(steps + 2):
        rows = torch.randint(0, len(x), (batch,))
        begun, used = time.perf_counter(), time.process_time()
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(x[rows]), y[rows]).backward()
        optimizer.step()
        if step >= 2:
            wall.append(1e3 * (time.perf_counter() - begun))
            processor.append(1e3 * (time.process_time() - used))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"torchlogix {name}: threads {torch.get_num_threads()} batch {batch}: cpu {statistics.mean(processor):.1f} ms a step, "
        f"wall median {statistics.median(wall):.1f} least {min(wall):.1f}, peak so far {peak} MiB",
        flush=True,
    )


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[1]))
    for name, network in NETWORKS.items():
        if len(sys.argv) < 3 or name.split(":")[0] in sys.argv[2:]:
            measure(name, *network)
