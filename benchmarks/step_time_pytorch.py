"""PyTorch's side of `step_time`, which starts it with a case's name."""

import sys

import torch
from torch import nn
from torch.nn import functional

from benchmarks.step_time_cases import CASES, answer

LEAK, MOMENTUM, EPSILON = 0.2, 0.1, 1e-3


def norm(channels):
    """Returns BatchNorm and LeakyReLU as `migan_tf.models.layers.activate`."""
    return nn.BatchNorm2d(channels, EPSILON, MOMENTUM), nn.LeakyReLU(LEAK)


class UNet(nn.Module):
    """The U-Net of `migan_tf.models.segmenter`."""

    def __init__(self, given, base, depth, stride):
        super().__init__()

        def double(given, filters, stride=1):
            pad = (3 * stride - stride) // 2
            first = nn.Conv2d(
                given,
                filters,
                kernel_size=3 * stride,
                stride=stride,
                padding=pad,
                bias=False,
            )
            second = nn.Conv2d(filters, filters, 3, padding=1, bias=False)
            layers = [first, *norm(filters), second, *norm(filters)]
            return nn.Sequential(*layers)

        widths = [base << level for level in range(depth + 1)]
        self.downs = nn.ModuleList()
        for level, width in enumerate(widths):
            self.downs.append(double(given, width, 1 if level else stride))
            given = width
        self.ups, self.merges = nn.ModuleList(), nn.ModuleList()
        for width in reversed(widths[:-1]):
            self.ups.append(
                nn.ConvTranspose2d(2 * width, width, kernel_size=2, stride=2)
            )
            self.merges.append(double(2 * width, width))
        self.out = nn.ConvTranspose2d(
            base, 1, kernel_size=stride, stride=stride
        )

    def forward(self, x):
        """Returns the logits (B,1,S,S) of (B,C,S,S)."""
        skips = []
        for down in self.downs[:-1]:
            skips.append(down(x))
            x = functional.max_pool2d(skips[-1], 2)
        x = self.downs[-1](x)
        for up, merge in zip(self.ups, self.merges, strict=True):
            x = merge(torch.cat([up(x), skips.pop()], 1))
        return self.out(x)


class Cascade(nn.Module):
    """U-Nets in a row, each with the logits of the one before."""

    def __init__(self, case):
        super().__init__()
        settings = (
            case["segmenter_filters"],
            case["unet_depth"],
            case.get("unet_stride", 1),
        )
        count = case.get("unet_cascade", 1)
        self.unets = nn.ModuleList(
            UNet(4 if n else 3, *settings) for n in range(count)
        )

    def forward(self, fundus):
        """Returns the logits (B,1,S,S) of (B,3,S,S)."""
        logits = None
        for unet in self.unets:
            seen = fundus if logits is None else torch.cat([fundus, logits], 1)
            logits = unet(seen)
        return logits


class Generator(nn.Module):
    """The generator of Fig. 2 as in `migan_tf.models.generator`, even skips."""

    def __init__(self, base=64, noise=400):
        super().__init__()
        given, self.encoder = 1, nn.ModuleList()
        for multiple in (1, 2, 4, 8, 8, 8):
            conv = nn.Conv2d(
                given,
                base * multiple,
                kernel_size=4,
                stride=2,
                padding=1,
                bias=False,
            )
            given = base * multiple
            self.encoder.append(nn.Sequential(conv, *norm(given)))
        self.code = nn.Linear(noise, 8 * 8 * 4 * base)
        self.base, given, self.decoder = base, given + 4 * base, nn.ModuleList()
        for level, multiple in enumerate((8, 8, 4, 2, 1), start=1):
            filters = base * multiple
            conv = nn.ConvTranspose2d(
                given, filters, kernel_size=4, stride=2, padding=1, bias=False
            )
            self.decoder.append(nn.Sequential(conv, *norm(filters)))
            given = 2 * filters if level in (2, 4) else filters
        self.out = nn.ConvTranspose2d(
            given, 3, kernel_size=4, stride=2, padding=1
        )

    def forward(self, vessel_map, noise):
        """Returns the fundus (B,3,S,S) of (B,1,S,S) and (B,400)."""
        x, levels = vessel_map, []
        for down in self.encoder:
            x = down(x)
            levels.append(x)
        code = self.code(noise).view((-1, 4 * self.base, 8, 8))
        x = torch.cat([x, code], 1)
        for level, up in enumerate(self.decoder, start=1):
            x = up(x)
            if level in (2, 4):
                x = torch.cat([x, levels[-1 - level]], 1)
        return torch.tanh(self.out(x))


def discriminator(side, base=32):
    """Builds the `image` kind of `migan_tf.models.discriminator`, Fig. 3."""
    layers, given = [], 4
    for multiple in (1, 2, 4, 8, 16):
        conv = nn.Conv2d(
            given,
            base * multiple,
            kernel_size=4,
            stride=2,
            padding=1,
            bias=False,
        )
        given = base * multiple
        layers += [conv, *norm(given)]
    cells = (side // 32) ** 2
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(given * cells, 1))


def make_step(case):
    """Returns a function without arguments that makes one update."""
    side, batch = case.get("image_size", 512), case["batch_size"]
    torch.manual_seed(0)
    fundus = torch.rand((batch, 3, side, side))
    vessel_map = torch.rand((batch, 1, side, side))
    if case["task"] == "segmentation":
        network = Cascade(case)

        def loss():
            return functional.binary_cross_entropy_with_logits(
                network(fundus), vessel_map
            )

        return _update(network, loss, case["adam_beta_1"])
    network, judge = Generator(), discriminator(side)
    noise = torch.randn(batch, 400)

    def network_loss():
        fake = network(vessel_map, noise)
        logits = judge(torch.cat([fake, vessel_map], 1))
        deviation = functional.l1_loss(fake, fundus)
        return functional.softplus(-logits).mean() + 10 * deviation

    def judge_loss():
        with torch.no_grad():
            fake = network(vessel_map, noise)
        real = judge(torch.cat([fundus, vessel_map], 1))
        fake = judge(torch.cat([fake, vessel_map], 1))
        return (
            functional.softplus(-real).mean() + functional.softplus(fake).mean()
        )

    if case["update"] == "network":
        judge.requires_grad_(False)
        return _update(network, network_loss, 0.5)
    return _update(judge, judge_loss, 0.5)


def _update(network, loss, beta_1):
    optimizer = torch.optim.Adam(network.parameters(), 1e-3, (beta_1, 0.999))

    def update():
        optimizer.zero_grad()
        value = loss()
        value.backward()
        optimizer.step()
        return value.item()

    return update


if __name__ == "__main__":
    answer(make_step(CASES[sys.argv[1]]))
