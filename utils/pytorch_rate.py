"""Pictures per second of training VGG16 in PyTorch, channels last, as a JSON line.

No part of the project's environment: make one of its own, and name its Python to the evidence:

    python -m venv .venv-torch && .venv-torch/bin/pip install torch==2.13.0
    .venv/bin/python -m utils.evidence pytorch --python .venv-torch/bin/python
"""

import json
import sys
import time

BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))


def build():
    from torch import nn

    layers, before = [], 3
    for repeats, filters in BLOCKS:
        for _ in range(repeats):
            layers += [nn.Conv2d(before, filters, 3, padding=1), nn.ReLU(inplace=True)]
            before = filters
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


def rate(side: int, batch_size: int, steps: int, precision: str, seed: int = 0) -> float:
    """Pictures per second over `steps` training steps, after two to warm up."""
    import torch

    torch.manual_seed(seed)
    network = build().to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(network.parameters(), 1e-3, momentum=0.9, nesterov=True)
    images = torch.randn(batch_size, 3, side, side).to(memory_format=torch.channels_last)
    labels = torch.randint(10, (batch_size,))
    begun = 0.0
    for step in range(steps + 2):
        if step == 2:
            begun = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bfloat16"):
            loss = torch.nn.functional.cross_entropy(network(images).float(), labels)
        loss.backward()
        optimizer.step()
    return batch_size * steps / (time.perf_counter() - begun)


if __name__ == "__main__":
    side, batch_size, steps = (int(word) for word in sys.argv[1:4])
    import torch

    answer = rate(side, batch_size, steps, precision=sys.argv[4])
    print(json.dumps({"rate": answer, "torch": torch.__version__}))
