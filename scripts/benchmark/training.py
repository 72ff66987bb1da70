"""Training speed, measured in workers of one page, in turn with the peers.

Each peer is used in the fastest way we found, one that its authors would accept; its worker in
``pages/`` says which and why. For all of them, the same net learns from the same first images of
MNIST in a new order, for one epoch of a given number of examples, in a worker that paints nothing.
Nets, tensors and typed arrays are made beforehand; a peer reports no progress, computes no error
and does not wait between mini-batches. Ours works in turns, records its curves and is asked for its
progress, as by the page. After a warm-up round, the samples are taken in turn, and the row names
the peer with the highest median.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from statistics import median
from typing import Any

from playwright.sync_api import Browser, Error

from benchmark import native
from benchmark.figures import Row
from benchmark.workers import Ask, opened
from building import bundle
from building.environment import say

EXAMPLES = 10_000  # in one sample, few enough to end before the first evaluation
CONVOLVED = 320
FEW = 1000  # for backends that may be emulated
NETS = {(30, 10): (11, 15), (30, 128): (15, 20), (128, 10): (12, 15), (128, 128): (12, 15)}
"""Hidden neurons and mini-batch size: the ratios required and aimed at."""
PEERS = {
    "tfjs-wasm": "TensorFlow.js (wasm)",
    "tfjs-cpu": "TensorFlow.js (cpu)",
    "convnet": "ConvNetJS",
    "brain": "brain.js",
}
GRAPHICS = {"tfjs-webgl": "TensorFlow.js (webgl)", "tfjs-webgpu": "TensorFlow.js (webgpu)"}
"""The peers that compute on a graphics card, if there is one."""
CONVOLVING = ("tfjs-cpu", "convnet")
"""The peers that train convolutional nets: the wasm backend has no gradient of a convolution, and
brain.js has no convolution."""
UNIT = "examples/s"
ENOUGH = 0.95

Way = Callable[[], float]


def training(browser: Browser, url: str, repeats: int) -> list[Row]:
    """Examples per second of dense nets: ours, the peers' and the blog post's code."""
    rows = []
    with opened(browser, url) as ask:
        ask("nets", "loadMnist")
        broken = _started(ask, PEERS)
        for (hidden, batch), (required, aimed) in NETS.items():
            net = f"784-{hidden}-10, mini-batch {batch}"
            say(f"Training {net} …")
            sizes = {"hidden": hidden, "batchSize": batch, "examples": EXAMPLES}
            ways: dict[str, Way] = {
                peer: partial(ask, peer, "train", sizes) for peer in PEERS if not broken
            }
            ways["ours"] = partial(ask, "nets", "train", _ours(hidden, batch))
            ways["blog"] = partial(ask, "nets", "trainBlogPost", sizes)
            rates = _in_turn(ways, repeats)
            name = f"training {net}, against"
            rows += [
                _fastest(f"{name} the fastest of", rates, PEERS, broken, required, aimed),
                Row(f"{name} the blog post's way", UNIT, rates["ours"], rates["blog"], 2.5, 3),
            ]
    return rows


def graphics(browser: Browser, url: str, repeats: int) -> list[Row]:
    """Examples per second of the same nets, against the peers that compute on a graphics card.

    These rows have no goal, since the result depends on the card.
    """
    rows = []
    with opened(browser, url) as ask:
        ask("nets", "loadMnist")
        for peer, label in GRAPHICS.items():
            broken = _started(ask, {peer: label})
            what = label if broken else f"{label} on {ask(peer, 'start')}"
            for hidden, batch in NETS:
                name = f"training 784-{hidden}-10, mini-batch {batch}, against {what}"
                if broken:
                    rows.append(Row.missing(name, UNIT, broken))
                    continue
                say(f"Training 784-{hidden}-10, mini-batch {batch}, against {what} …")
                sizes = {"hidden": hidden, "batchSize": batch, "examples": FEW}
                ways: dict[str, Way] = {
                    "ours": partial(ask, "nets", "train", _ours(hidden, batch)),
                    peer: partial(ask, peer, "train", sizes),
                }
                rates = _in_turn(ways, repeats)
                rows.append(Row(name, UNIT, rates["ours"], rates[peer]))
    return rows


def native_training(browser: Browser, url: str, repeats: int) -> list[Row]:
    """Examples per second of dense nets: ours in the tab, and natively with BLAS on one core."""
    rows = []
    with opened(browser, url) as ask:
        ask("nets", "loadMnist")
        for hidden, batch in ((30, 128), (128, 128)):
            name = f"training 784-{hidden}-10, mini-batch {batch}, against native NumPy, one core"
            say(f"Training 784-{hidden}-10 in the tab and natively …")
            ours = _ours(hidden, batch)
            theirs = partial(native.rate, bundle.DIST, ours["settings"], EXAMPLES)
            try:
                rates = _in_turn(
                    {"ours": partial(ask, "nets", "train", ours), "native": theirs}, repeats
                )
            except native.NativeError as error:
                rows.append(Row.missing(name, UNIT, str(error), 0.4, 0.7))
            else:
                rows.append(Row(name, UNIT, rates["ours"], rates["native"], 0.4, 0.7))
    return rows


def convolution(browser: Browser, url: str, repeats: int) -> list[Row]:
    """Examples per second of the convolutional recipe, including its dropout."""
    say("Training the convolutional net …")
    sizes = {"batchSize": 32, "examples": CONVOLVED}
    ours = {"settings": {"recipe": "cnn", "batchSize": 32}, "examples": CONVOLVED}
    peers = {peer: PEERS[peer] for peer in CONVOLVING}
    with opened(browser, url) as ask:
        ask("nets", "loadMnist")
        broken = _started(ask, peers)
        ways: dict[str, Way] = {
            peer: partial(ask, peer, "trainConvolutional", sizes) for peer in peers if not broken
        }
        ways["ours"] = partial(ask, "nets", "train", ours)
        rates = _in_turn(ways, repeats)
    name = "training the convolutional recipe, mini-batch 32, against the faster of"
    return [_fastest(name, rates, peers, broken, 3, 8)]


def learning(browser: Browser, url: str, repeats: int) -> list[Row]:
    """Seconds from Train to a test accuracy of 95 %, with the default settings.

    All of MNIST is loaded. Every sample is a new visitor's first training, in the page's own
    worker.
    """
    say("Training until 95 % …")
    name, ours = "from Train, data loaded, to 95 % test accuracy", []
    for _ in range(repeats):
        page = browser.new_context().new_page()
        page.goto(f"{url}benchmark/index.html")
        found = page.evaluate(_LEARN, [url, ENOUGH])
        page.context.close()
        if "seconds" not in found:
            reason = f"the default settings ended at {found['accuracy']:.1%}"
            return [Row.missing(name, "s", reason, 2, 1)]
        ours.append(float(found["seconds"]))
    return [Row(name, "s", ours, required=2, aimed=1)]


# Wait for the last image, so that nothing else loads during the training.
_LEARN = """async ([url, enough]) => {
  const harness = await import(`${url}assets/harness.js`);
  const { Engine, Training } = await harness.engine();
  const engine = new Engine();
  await engine.start();
  await engine.computing; // the kernels are loaded
  const training = new Training(engine);
  await training.load();
  const last = { model: "fresh", labels: [0], rate: 1, name: "train", indices: [59_999] };
  const there = () =>
    engine.call("steps.trace", last).then(
      () => true,
      (error) => {
        if (!error.message.startsWith("indices")) throw error;
        return false;
      },
    );
  while (!(await there())) await new Promise((resolve) => setTimeout(resolve, 100));
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    training.addEventListener("progress", ({ detail }) => {
      if (detail.testAccuracy >= enough) resolve({ seconds: (performance.now() - begun) / 1000 });
    });
    training.train({}).then(resolve, reject);
  });
}"""


def _ours(hidden: int, batch: int) -> dict[str, Any]:
    """The same net and training as the peers', as settings of the page."""
    settings = {
        "hidden": [hidden],
        "activation": "sigmoid",
        "output": "sigmoid",
        "loss": "mse",
        "optimizer": "sgd",
        "learningRate": 0.5,
        "batchSize": batch,
        "epochs": 1,
    }
    return {"settings": settings, "examples": EXAMPLES}


def _started(ask: Ask, peers: Mapping[str, str]) -> str:
    """Start the peers; returns why one cannot be measured, "" if all can."""
    for peer, name in peers.items():
        try:
            ask(peer, "start")
            ask(peer, "loadMnist", EXAMPLES)
        except Error as error:
            reason = error.message.splitlines()[0].removeprefix("Page.evaluate: Error: ")
            return f"{name}: {reason}"
    return ""


def _in_turn(ways: Mapping[str, Way], repeats: int) -> dict[str, list[float]]:
    """Samples of each way, taken in turn after a warm-up round."""
    rounds = [{name: way() for name, way in ways.items()} for _ in range(repeats + 1)]
    return {name: [samples[name] for samples in rounds[1:]] for name in ways}


def _fastest(
    name: str,
    rates: Mapping[str, list[float]],
    peers: Mapping[str, str],
    broken: str,
    required: float,
    aimed: float,
) -> Row:
    """Ours against the peer with the highest median; a missing row if a peer is ``broken``."""
    name = f"{name} {', '.join(peers.values())}"
    if broken:
        return Row.missing(name, UNIT, broken, required, aimed)
    for peer, label in peers.items():
        say(f"  {label}: {median(rates[peer]):,.0f} {UNIT}")
    best = max(peers, key=lambda peer: median(rates[peer]))
    name = f"{name}, which was {peers[best]}"
    return _beside(name, rates, best, required, aimed)


def _beside(
    name: str, rates: Mapping[str, list[float]], other: str, required: float, aimed: float
) -> Row:
    return Row(name, UNIT, rates["ours"], rates[other], required, aimed)
