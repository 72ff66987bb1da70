"""The Python names that others rely on: each name, signature, type, unit and state of the contract.

These tests say what may not change. ``tests/core`` tests how well it works.
"""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nets_core import SGD, Adam, Network, Trainer, gradcheck, recipes
from nets_core.activations import ACTIVATIONS
from nets_core.data import digits
from nets_core.files import saving
from nets_core.initializers import INITIALIZERS
from nets_core.layers import LAYERS, Dense
from nets_core.losses import LOSSES

MODELS = Path(__file__).resolve().parents[2] / "site" / "models" / "models.json"
TRAINED = {"least-squares", "softmax", "mlp-30", "mlp-large", "cnn"}


def small_set(n: int = 40, seed: int = 3) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n)
    return (rng.integers(0, 120, (n, 6)) + 40 * labels[:, None]).astype(np.uint8), labels


def parameters_of(function: Any) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name != "self"]


class TestNetwork:
    def test_mlp_takes_the_arguments_of_the_contract_by_these_names(self) -> None:
        net = Network.mlp(
            [784, 30, 10],
            activation="sigmoid",
            output="sigmoid",
            loss="mse",
            initializer="nielsen",
            seed=1,
            dtype=np.float32,
        )
        assert isinstance(net, Network)
        assert parameters_of(Network.mlp) == [
            "sizes",
            "activation",
            "output",
            "loss",
            "initializer",
            "seed",
            "dtype",
        ]

    def test_three_sizes_make_two_dense_layers_that_hold_their_activation(self) -> None:
        net = Network.mlp([784, 30, 10], activation="tanh", output="sigmoid")
        assert [type(layer) for layer in net.layers] == [Dense, Dense]
        assert [layer.activation.name for layer in net.layers] == ["tanh", "sigmoid"]

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_weights_are_outputs_by_inputs_and_biases_are_flat(self, dtype: Any) -> None:
        net = Network.mlp([784, 30, 10], dtype=dtype)
        shapes = [(layer.weights.shape, layer.biases.shape) for layer in net.layers]
        assert shapes == [((30, 784), (30,)), ((10, 30), (10,))]
        assert {p.dtype for p in net.parameters()} == {np.dtype(dtype)}

    def test_parameters_are_the_layers_own_arrays_in_order(self) -> None:
        net = Network.mlp([4, 3, 2])
        first, second = net.layers
        expected = [first.weights, first.biases, second.weights, second.biases]
        assert all(p is q for p, q in zip(net.parameters(), expected, strict=True))

    @pytest.mark.parametrize("optimizer", [SGD(0.1), SGD(0.1, momentum=0.9), Adam(0.01)])
    def test_parameters_are_updated_in_place(self, optimizer: Any) -> None:
        net = Network.mlp([6, 4, 3], seed=2)
        arrays, before = net.parameters(), [p.copy() for p in net.parameters()]
        Trainer(net, optimizer, *small_set()).run(epochs=1)
        assert all(p is q for p, q in zip(arrays, net.parameters(), strict=True))
        assert all((p != q).any() for p, q in zip(arrays, before, strict=True))

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_forward_is_batch_first_and_keeps_the_dtype(self, dtype: Any) -> None:
        net = Network.mlp([6, 4, 3], dtype=dtype)
        a = net.forward(np.ones((5, 6)))
        assert a.shape == (5, 3)
        assert a.dtype == dtype

    def test_z_is_a_times_w_transposed_plus_b(self) -> None:
        net = Network.mlp([6, 3], output="identity", dtype=np.float64)
        x = np.random.default_rng(0).standard_normal((5, 6))
        expected = x @ net.layers[0].weights.T + net.layers[0].biases
        np.testing.assert_allclose(net.forward(x), expected, rtol=1e-12)

    def test_backward_gives_cost_and_fresh_gradients_in_the_order_of_parameters(self) -> None:
        net = Network.mlp([6, 4, 3])
        x, y = np.ones((5, 6), np.float32), np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 1]]
        cost, gradients = net.backward(x, y)
        assert isinstance(cost, float)
        assert [g.shape for g in gradients] == [p.shape for p in net.parameters()]
        assert {g.dtype for g in gradients} == {np.dtype(np.float32)}
        kept = [g.copy() for g in gradients]
        again = net.backward(2 * x, y)[1]
        for g, h, k in zip(gradients, again, kept, strict=True):
            assert not np.shares_memory(g, h)
            assert not any(np.shares_memory(g, p) for p in net.parameters())
            np.testing.assert_array_equal(g, k)

    def test_backward_changes_no_parameter(self) -> None:
        net = Network.mlp([6, 4, 3])
        before = [p.copy() for p in net.parameters()]
        net.backward(np.ones((2, 6)), np.eye(3)[:2])
        for p, q in zip(net.parameters(), before, strict=True):
            np.testing.assert_array_equal(p, q)

    def test_mse_is_the_mean_of_half_the_squared_distance(self) -> None:
        net = Network.mlp([2, 3], output="identity", loss="mse", initializer="zeros")
        y = np.array([[3.0, 4.0, 0.0], [0.0, 0.0, 0.0]])  # distances 5 and 0
        assert net.backward(np.ones((2, 2)), y)[0] == pytest.approx((25 / 2 + 0) / 2)

    def test_cross_entropy_after_softmax_is_the_mean_of_minus_ln_a(self) -> None:
        net = Network.mlp([2, 4], output="softmax", loss="cross_entropy", initializer="zeros")
        assert net.backward(np.ones((3, 2)), np.eye(4)[:3])[0] == pytest.approx(math.log(4))

    def test_cross_entropy_after_sigmoid_is_binary(self) -> None:
        net = Network.mlp([2, 4], output="sigmoid", loss="cross_entropy", initializer="zeros")
        assert net.backward(np.ones((3, 2)), np.eye(4)[:3])[0] == pytest.approx(4 * math.log(2))

    @pytest.mark.parametrize(("output", "loss"), [("sigmoid", "mse"), ("softmax", "cross_entropy")])
    def test_gradients_are_means_over_the_batch(self, output: str, loss: str) -> None:
        net = Network.mlp([6, 4, 3], output=output, loss=loss, dtype=np.float64)
        x, y = np.random.default_rng(1).random((7, 6)), np.eye(3)[[0, 1, 2, 0, 1, 2, 0]]
        cost, whole = net.backward(x, y)
        singles = [net.backward(x[i : i + 1], y[i : i + 1]) for i in range(7)]
        assert cost == pytest.approx(np.mean([c for c, _ in singles]))
        for k, g in enumerate(whole):
            np.testing.assert_allclose(g, np.mean([s[k] for _, s in singles], axis=0), atol=1e-12)

    def test_same_seed_same_net_and_another_seed_another(self) -> None:
        one, same, other = (Network.mlp([5, 4, 3], seed=seed) for seed in (1, 1, 2))
        for p, q, r in zip(one.parameters(), same.parameters(), other.parameters(), strict=True):
            np.testing.assert_array_equal(p, q)
            assert (p != r).any()


class TestNames:
    def test_activations(self) -> None:
        names = {"identity", "sigmoid", "tanh", "relu", "leaky_relu", "swish", "softmax"}
        assert names <= set(ACTIVATIONS)
        for name in names - {"softmax"}:
            Network.mlp([3, 4, 2], activation=name, output=name)

    def test_softmax_is_for_the_output_only(self) -> None:
        Network.mlp([3, 4, 2], output="softmax", loss="cross_entropy")
        with pytest.raises(ValueError, match=r"activation .*softmax"):
            Network.mlp([3, 4, 2], activation="softmax")

    @pytest.mark.parametrize("output", sorted(ACTIVATIONS))
    def test_losses_go_with_the_outputs_that_the_contract_names(self, output: str) -> None:
        assert {"mse", "cross_entropy"} <= set(LOSSES)
        allowed = {
            "mse": output != "softmax",
            "cross_entropy": output in ("sigmoid", "softmax"),
        }
        for loss, fits in allowed.items():
            if fits:
                Network.mlp([3, 2], output=output, loss=loss)
            else:
                with pytest.raises(ValueError, match=loss):
                    Network.mlp([3, 2], output=output, loss=loss)

    def test_initializers(self) -> None:
        names = {"nielsen", "normal", "xavier", "he", "zeros"}
        assert names <= set(INITIALIZERS)
        for name in names:
            Network.mlp([3, 2], initializer=name)

    def test_layers(self) -> None:
        assert {"dense", "conv2d", "maxpool2d", "flatten", "dropout"} <= set(LAYERS)

    def test_recipes_that_are_trained_nets_bear_the_names_of_the_contract(self) -> None:
        assert set(recipes.RECIPES) | set(recipes.SOLVED) >= TRAINED
        assert [layer.outputs for layer in recipes.get("mlp-30").network().layers] == [30, 10]


class TestGradcheck:
    def test_check_returns_a_float_that_is_small_when_backward_is_right(self) -> None:
        net = Network.mlp([6, 4, 3], dtype=np.float32)
        before = [p.copy() for p in net.parameters()]
        error = gradcheck.check(
            net, np.random.default_rng(0).random((4, 6)), np.eye(3)[[0, 1, 2, 0]]
        )
        assert isinstance(error, float)
        assert 0 <= error < 1e-6
        for p, q in zip(net.parameters(), before, strict=True):  # it works on a copy
            np.testing.assert_array_equal(p, q)
            assert p.dtype == np.float32

    def test_the_error_is_the_one_of_the_contract(self) -> None:
        """|a − n| / max(|a|, |n|, …), with one a that is wrong by a known amount."""

        class Wrong(Network):
            entry: tuple[int, int] = (0, 0)
            by = 0.0

            def backpropagate(self, x: Any, y: Any) -> Any:
                cost, gradients = super().backpropagate(x, y)
                gradients[0][self.entry] += self.by
                return cost, gradients

        net = Wrong([Dense(3, "sigmoid")], (4,), seed=5, dtype=np.float64)
        x, y = np.random.default_rng(2).random((6, 4)), np.eye(3)[[0, 1, 2, 0, 1, 2]]
        right = net.backward(x, y)[1][0]
        largest = np.unravel_index(np.abs(right).argmax(), right.shape)
        net.entry, net.by = largest, float(right[largest])  # a = 2n: |a − n| / |a| = 1/2
        assert gradcheck.check(net, x, y) == pytest.approx(0.5, rel=1e-4)


class TestTrainer:
    def test_arguments(self) -> None:
        given = [*parameters_of(Trainer.__init__)]
        assert given[:4] == ["net", "optimizer", "x", "labels"]
        assert {"batch_size", "l1", "l2", "seed", "test"} <= set(given)
        defaults = inspect.signature(Trainer.__init__).parameters
        assert (defaults["l2"].default, defaults["seed"].default) == (0.0, 0)
        assert defaults["l1"].default == 0.0
        assert (defaults["batch_size"].default, defaults["test"].default) == (32, None)

    def test_steps_yields_one_step_a_mini_batch(self) -> None:
        x, labels = small_set(50)
        trainer = Trainer(Network.mlp([6, 4, 3]), Adam(0.001), x, labels, batch_size=16, seed=0)
        steps = list(trainer.steps(epochs=3))
        assert [field.name for field in dataclasses.fields(steps[0])] == [
            "epoch",
            "step",
            "cost",
            "accuracy",
            "examples_per_second",
        ]
        assert len(steps) == 3 * 4
        assert [step.step for step in steps] == list(range(1, 13))
        assert [step.epoch for step in steps] == [1] * 4 + [2] * 4 + [3] * 4
        for step in steps:
            assert isinstance(step.cost, float)
            assert math.isfinite(step.cost)
            assert 0 <= step.accuracy <= 1
            assert step.examples_per_second > 0

    def test_run_returns_an_epoch_each(self) -> None:
        x, labels = small_set(50)
        trainer = Trainer(Network.mlp([6, 4, 3]), SGD(0.5), x, labels, test=(x[:9], labels[:9]))
        epochs = trainer.run(epochs=3)
        assert [field.name for field in dataclasses.fields(epochs[0])] == [
            "cost",
            "accuracy",
            "test_accuracy",
            "seconds",
        ]
        assert len(epochs) == 3
        for epoch in epochs:
            assert math.isfinite(epoch.cost)
            assert 0 <= epoch.accuracy <= 1
            assert epoch.test_accuracy is not None
            assert 0 <= epoch.test_accuracy <= 1
            assert epoch.seconds > 0
        assert len(trainer.run(epochs=1)) == 1

    def test_uint8_is_read_as_parts_of_255(self) -> None:
        x, labels = small_set()
        nets = []
        for data in (x, x / 255):
            net = Network.mlp([6, 4, 3], seed=1, dtype=np.float64)
            Trainer(net, SGD(0.5), data, labels).run(epochs=2)
            nets.append(net)
        for p, q in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
            np.testing.assert_allclose(p, q, rtol=1e-12)
        np.testing.assert_allclose(nets[0].forward(x), nets[0].forward(x / 255), rtol=1e-12)

    def test_l2_decays_weights_and_not_biases(self) -> None:
        """w ← w − η(∂C/∂w + l2·w), b ← b − η ∂C/∂b."""
        x, labels = small_set(8)
        net = Network.mlp([6, 4, 3], seed=1, dtype=np.float64)
        before = [p.copy() for p in net.parameters()]
        gradients = net.backward(x, np.eye(3)[labels])[1]
        next(iter(Trainer(net, SGD(0.5), x, labels, batch_size=8, l2=0.1).steps(epochs=1)))
        for p, q, g in zip(net.parameters(), before, gradients, strict=True):
            decay = 0.1 * q if q.ndim == 2 else 0
            np.testing.assert_allclose(p, q - 0.5 * (g + decay), rtol=1e-10, atol=1e-14)


class TestDigits:
    def test_strokes_become_a_picture(self) -> None:
        image = digits.rasterize([[(10, 10), (200, 15), (90, 250)], [(60.5, 120), (150, 118)]])
        assert image.shape == (28, 28)
        assert image.dtype == np.float32
        assert (image.min(), image.max()) == (0, 1)


class TestSaving:
    def trainer(self) -> Trainer:
        return Trainer(Network.mlp([6, 4, 3], seed=7), Adam(0.01), *small_set(), batch_size=8)

    def test_a_net_comes_back_bit_for_bit(self) -> None:
        for dtype in (np.float32, np.float64):
            net = Network.mlp([6, 4, 3], output="softmax", loss="cross_entropy", dtype=dtype)
            data = saving.dumps(net)
            assert isinstance(data, bytes)
            copy = saving.loads(data)
            assert isinstance(copy, Network)
            assert copy.describe() == net.describe()
            for p, q in zip(net.parameters(), copy.parameters(), strict=True):
                np.testing.assert_array_equal(p, q)
                assert p.dtype == q.dtype

    def test_the_format_is_npz_that_numpy_opens_without_pickle(self, tmp_path: Path) -> None:
        path = tmp_path / "net.npz"
        path.write_bytes(saving.dumps(self.trainer()))
        with np.load(path, allow_pickle=False) as archive:
            header = json.loads(archive["header"].tobytes())
            assert header["version"] == saving.VERSION
            assert all(archive[name].dtype.hasobject is False for name in archive.files)

    def test_a_trainers_file_is_a_nets_file_too(self) -> None:
        trainer = self.trainer()
        trainer.run(epochs=1)
        copy = saving.loads(saving.dumps(trainer))
        for p, q in zip(trainer.net.parameters(), copy.parameters(), strict=True):
            np.testing.assert_array_equal(p, q)

    def test_a_run_goes_on_as_if_it_had_never_stopped(self) -> None:
        unbroken, stopped = self.trainer(), self.trainer()
        for trainer in (unbroken, stopped):
            stream = iter(trainer.steps(epochs=2))
            for _ in range(7):
                next(stream)
        resumed = saving.resume(saving.dumps(stopped), *small_set())
        assert isinstance(resumed, Trainer)
        one, other = next(iter(unbroken.steps(epochs=1))), next(iter(resumed.steps(epochs=1)))
        assert (one.epoch, one.step, one.cost, one.accuracy) == (
            other.epoch,
            other.step,
            other.cost,
            other.accuracy,
        )
        for p, q in zip(unbroken.net.parameters(), resumed.net.parameters(), strict=True):
            np.testing.assert_array_equal(p, q)

    @pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"not a net" * 20])
    def test_a_bad_file_raises_value_error_which_says_why(self, data: bytes) -> None:
        for load in (saving.loads, lambda d: saving.resume(d, *small_set())):
            with pytest.raises(ValueError, match=r"\w+ \w+"):
                load(data)


@pytest.mark.skipif(not MODELS.is_file(), reason="no nets have been trained for the site yet")
class TestModels:
    def models(self) -> list[dict[str, Any]]:
        listing = json.loads(MODELS.read_text())
        assert listing["version"] == 1
        models: list[dict[str, Any]] = listing["models"]
        return models

    def test_every_model_has_the_keys_of_the_contract(self) -> None:
        keys = {
            "id": str,
            "name": str,
            "file": str,
            "sha256": str,
            "bytes": int,
            "parameters": int,
            "recipe": str,
            "seed": int,
            "mnist_test_accuracy": float,
        }
        assert self.models()
        for model in self.models():
            assert set(keys) <= set(model)
            for key, kind in keys.items():
                assert type(model[key]) is kind, f"{model['id']}: {key} is {model[key]!r}"
            assert 0 < model["mnist_test_accuracy"] <= 1

    def test_ids_are_those_of_the_contract_and_unique(self) -> None:
        ids = [model["id"] for model in self.models()]
        assert len(set(ids)) == len(ids)
        assert set(ids) <= TRAINED
        assert "mlp-30" in ids

    def test_every_file_is_what_the_list_says(self) -> None:
        for model in self.models():
            data = (MODELS.parent / model["file"]).read_bytes()
            assert len(data) == model["bytes"]
            assert hashlib.sha256(data).hexdigest() == model["sha256"]
            net = saving.loads(data)
            assert sum(p.size for p in net.parameters()) == model["parameters"]
            assert (net.inputs, net.outputs) == (784, 10)
            assert saving.recipe_of(data) == model["recipe"]
            assert model["seed"] == net.seed
            if model["recipe"] in recipes.RECIPES:
                recipe = recipes.get(model["recipe"])
                assert model["seed"] == recipe.seed
                assert net.describe()["layers"] == recipe.network().describe()["layers"]
            else:
                assert model["recipe"] in recipes.SOLVED
