"""The file formats against the formats' own libraries, and files of every version there was."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import onnx.reference
import onnxruntime
import pytest
import safetensors
import safetensors.numpy

import files
from nets_core import Adam, Network, Trainer
from nets_core.activations import ACTIVATIONS
from nets_core.files import npz, saving
from nets_core.files import onnx as our_onnx
from nets_core.files import safetensors as our_safetensors
from nets_core.layers import LAYERS, Conv2D, Dense, Dropout, Flatten, MaxPool2D, Votes
from nets_core.losses import LOSSES, make_loss

STORED = sorted(path.name for path in files.DATA.glob("*-[0-9].*"))
OF_THIS_VERSION = [name for name in STORED if f"-{saving.VERSION}." in name]
DECODERS: dict[str, Callable[[bytes], Any]] = {
    "npz": npz.decode,
    "safetensors": our_safetensors.decode,
    "onnx": our_onnx.decode,
}


def every_net() -> dict[str, Network]:
    """A net for each activation, hidden and as output, with each loss that goes with it."""
    nets: dict[str, Network] = {}
    for name, activation in ACTIVATIONS.items():
        if not activation.output_only:
            nets[f"hidden {name}"] = Network.mlp([6, 5, 4, 3], name, "sigmoid", "mse", seed=2)
            nets[f"windows {name}"] = Network(
                [Conv2D(3, 2, name), MaxPool2D(2), Conv2D(2, 2, name), Flatten(), Dense(3)],
                (8, 7, 2),
                initializer="he",
            )
        for loss in LOSSES:
            try:
                make_loss(loss, name)
            except ValueError:
                continue
            nets[f"output {name} {loss}"] = Network.mlp([6, 5, 3], "tanh", name, loss, "normal", 3)
    nets["votes"] = Network([Dense(6, "tanh"), Votes(4)], (6,), initializer="normal")
    nets["flat pictures"] = Network([Flatten(), Dropout(0.5), Dense(2)], (3, 2), seed=5)
    nets["channels last"] = Network([Flatten(), Dense(4)], (3, 2, 2), initializer="normal")
    nets["dropped windows"] = Network(
        [Dropout(0.2), MaxPool2D(3), Flatten(), Dense(10, "softmax")], (7, 8, 2), "cross_entropy"
    )
    return nets


NETS = every_net()


def inputs(net: Network) -> np.ndarray[Any, Any]:
    x = np.random.default_rng(1).normal(size=(9, net.inputs)) * 2
    return x.astype(net.dtype)


def test_every_layer_activation_and_loss_is_among_them() -> None:
    layers = [layer for net in NETS.values() for layer in net.layers]
    assert {layer.kind for layer in layers} == set(LAYERS)
    assert {layer.activation.name for layer in layers} == set(ACTIVATIONS)
    assert {net.loss.name for net in NETS.values()} == set(LOSSES)


@pytest.mark.parametrize("name", NETS)
class TestNets:
    def test_onnxruntime_computes_what_forward_does(self, name: str) -> None:
        net = NETS[name]
        data = saving.dumps(net, format="onnx")
        onnx.checker.check_model(onnx.load_from_string(data), full_check=True)
        [output] = _session(data).run(None, {"input": inputs(net)})
        np.testing.assert_allclose(output, net.forward(inputs(net)), rtol=1e-5, atol=1e-6)

    def test_onnx_computes_it_in_float64(self, name: str) -> None:
        """By ONNX's own reference: onnxruntime has no convolution of float64."""
        net = NETS[name].astype(np.float64)
        model = onnx.load_from_string(saving.dumps(net, format="onnx"))
        onnx.checker.check_model(model, full_check=True)
        evaluator = onnx.reference.ReferenceEvaluator(model)
        [output] = evaluator.run(None, {"input": inputs(net)})
        # Clip's and LeakyRelu's constants are float32 in ONNX or in its reference.
        np.testing.assert_allclose(output, net.forward(inputs(net)), rtol=1e-7, atol=1e-8)

    def test_safetensors_reads_the_same_arrays(self, name: str) -> None:
        net = NETS[name]
        arrays = safetensors.numpy.load(saving.dumps(net, format="safetensors"))
        assert set(arrays) == {f"p{i}" for i in range(len(net.parameters()))}
        for i, p in enumerate(net.parameters()):
            np.testing.assert_array_equal(arrays[f"p{i}"], p)
            assert arrays[f"p{i}"].dtype == p.dtype

    @pytest.mark.parametrize("format", saving.FORMATS)
    def test_it_comes_back_exactly(self, name: str, format: str) -> None:
        net = NETS[name]
        again = saving.loads(saving.dumps(net, format=format))
        assert again.describe() == net.describe()
        np.testing.assert_array_equal(again.forward(inputs(net)), net.forward(inputs(net)))


def test_what_safetensors_wrote_again_opens(tmp_path: Any) -> None:
    """Another program may have the arrays in another order, and other values in them."""
    trainer = files.adam_run()
    path = tmp_path / "net.safetensors"
    path.write_bytes(saving.dumps(trainer, format="safetensors", recipe="my own"))
    with safetensors.safe_open(path, "np") as opened:
        metadata = opened.metadata()
        arrays = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    net = json.loads(metadata["net"])
    assert metadata["format"] == "nets"
    assert metadata["version"] == str(saving.VERSION)
    assert metadata["recipe"] == "my own"
    assert net["layers"] == trainer.net.describe()["layers"]
    assert (net["loss"], net["seed"]) == ("cross_entropy", 3)
    history = json.loads(metadata["training"])["history"]
    assert [epoch["cost"] for epoch in history] == [epoch.cost for epoch in trainer.history]
    arrays["p1"] = arrays["p1"] + 1
    again = safetensors.numpy.save(arrays, metadata)
    changed = saving.loads(again).parameters()[1]
    np.testing.assert_array_equal(changed, trainer.net.parameters()[1] + 1)
    assert saving.resume(again, files.IMAGES, files.LABELS).step == trainer.step


def test_what_onnx_wrote_again_opens() -> None:
    data = saving.dumps(files.adam_run(), format="onnx")
    again = onnx.load_from_string(data).SerializeToString()
    assert saving.dumps(saving.resume(again, files.IMAGES, files.LABELS), format="onnx") == data


def test_an_onnx_file_of_a_run_is_a_valid_model() -> None:
    """What the optimizer remembers is no part of the graph."""
    trainer = files.adam_run()
    data = saving.dumps(trainer, format="onnx")
    onnx.checker.check_model(onnx.load_from_string(data), full_check=True)
    x = files.IMAGES.astype(np.float32) / 255
    [output] = _session(data).run(None, {"input": x})
    np.testing.assert_allclose(output, trainer.net.forward(files.IMAGES), rtol=1e-5, atol=1e-6)


def test_a_changed_graph_is_refused() -> None:
    model = onnx.load_from_string(saving.dumps(NETS["hidden relu"], format="onnx"))
    model.graph.node[1].op_type = "Tanh"
    with pytest.raises(ValueError, match="another program has changed the graph"):
        saving.loads(model.SerializeToString())


def test_foreign_files_are_refused_in_one_sentence() -> None:
    arrays = {"weight": np.eye(3, dtype=np.float32)}
    for metadata in (None, {"format": "pt"}):
        with pytest.raises(ValueError, match=r"this \.safetensors file was not written by nets"):
            saving.loads(safetensors.numpy.save(arrays, metadata))
    model = onnx.load_from_string(saving.dumps(NETS["votes"], format="onnx"))
    del model.metadata_props[:]
    with pytest.raises(ValueError, match="this ONNX file was not written by nets"):
        saving.loads(model.SerializeToString())


class TestVersions:
    """``tests/data`` has files that each version wrote, and what their nets answered then."""

    def test_every_version_is_there_in_its_formats(self) -> None:
        assert {name.rsplit(".", 1)[0].rsplit("-", 1)[1] for name in STORED} == {
            str(version) for version in saving.OPENED
        }
        for format in saving.FORMATS:
            for thing in (*files.NETS, *files.RUNS):
                assert f"{thing}-{saving.VERSION}.{format}" in STORED

    @pytest.mark.parametrize("name", STORED)
    def test_it_opens_and_answers_as_it_did(self, name: str) -> None:
        net = saving.loads((files.DATA / name).read_bytes())
        np.testing.assert_allclose(net.forward(files.IMAGES), _answers()[name], rtol=1e-5)

    @pytest.mark.parametrize("name", [n for n in STORED if n.split("-")[0] in files.RUNS])
    def test_a_run_goes_on_as_it_did(self, name: str) -> None:
        test = (files.IMAGES, files.LABELS)
        trainer = saving.resume((files.DATA / name).read_bytes(), *test, test=test)
        assert (trainer.epoch, trainer.step) == (1, 7)
        trainer.run(epochs=2)
        expected = _answers()[f"{name} afterwards"]
        np.testing.assert_allclose(trainer.net.forward(files.IMAGES), expected, rtol=1e-4)

    @pytest.mark.parametrize("name", OF_THIS_VERSION)
    def test_what_is_written_now_is_what_this_version_means(self, name: str) -> None:
        """Whoever changes what a file holds makes another version, and adds its files."""
        data = (files.DATA / name).read_bytes()
        format = name.rsplit(".", 1)[1]
        if name.split("-")[0] in files.RUNS:
            again = saving.dumps(saving.resume(data, files.IMAGES, files.LABELS), format=format)
        else:
            again = saving.dumps(saving.loads(data), format=format)
        if format != "npz":  # whose compression is zlib's affair
            assert again == data
        then, now = DECODERS[format](data), DECODERS[format](again)
        assert now.header == then.header
        assert now.arrays.keys() == then.arrays.keys()
        for key, values in then.arrays.items():
            np.testing.assert_array_equal(now.arrays[key], values)
            assert now.arrays[key].dtype == values.dtype


def test_a_net_goes_on_learning_from_any_format() -> None:
    for format in saving.FORMATS:
        net = saving.loads(saving.dumps(files.pictures(), format=format))
        before = net.forward(files.IMAGES)
        Trainer(net, Adam(0.01), files.IMAGES, files.LABELS).run(epochs=1)
        assert (net.forward(files.IMAGES) != before).any()


def _session(data: bytes) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def _answers() -> Any:
    return np.load(files.DATA / "answers.npz")
