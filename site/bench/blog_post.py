"""Training as the blog post "Neural Networks from Scratch" writes it, for comparison.

``_backward`` is the post's, line by line; ``_forward`` and the update are the post's equations in
the same style: features × batch, ``np.dot`` and ``np.multiply``, σ' computed again from z. The
post's float64 is float32 here, as in this library. The last line of ``_backward`` also computes the
error of the inputs, which only a net behind another one needs; the post does so, too.
"""
# mypy: ignore-errors
# (the post has no types)

from itertools import pairwise
from time import perf_counter

import numpy as np


class Identity:
    def function(self, z):
        return z

    def function_prime(self, z):
        return np.ones_like(z)


class Sigmoid:
    def function(self, z):
        return 1 / (1 + np.exp(-z))

    def function_prime(self, z):
        return self.function(z) * (1 - self.function(z))


class MeanSquaredError:
    def cost(self, activation, label):
        return 0.5 * np.square(activation - label).sum(axis=0).mean()

    def loss_prime(self, activation, label, epsilon=None):
        return activation - label


class Network:
    """Layers count from 1, the inputs, as in the post: index 0 holds nothing."""

    def __init__(self, sizes, seed=1):
        rng = np.random.default_rng(seed)
        self.num_layers = len(sizes)
        self.loss = MeanSquaredError()
        self.activation_funcs = [None, Identity(), *(Sigmoid() for _ in sizes[1:])]
        self.weights = [None, None]
        self.biases = [None, None]
        for inputs, outputs in pairwise(sizes):
            weights = rng.standard_normal((outputs, inputs)) / np.sqrt(inputs)
            self.weights.append(weights.astype(np.float32))
            self.biases.append(rng.standard_normal((outputs, 1)).astype(np.float32))
        self.weights_gradients = [None] * (self.num_layers + 1)
        self.biases_gradients = [None] * (self.num_layers + 1)

    def _forward(self, activation, include=False):
        weighted_inputs = [None, activation]
        activations = [None, activation]
        for layer_index in range(2, self.num_layers + 1):
            weighted_input = (
                np.dot(self.weights[layer_index], activation) + self.biases[layer_index]
            )
            activation = self.activation_funcs[layer_index].function(weighted_input)
            weighted_inputs.append(weighted_input)
            activations.append(activation)
        return (activation, weighted_inputs, activations) if include else activation

    def _backward(self, activation, label, N=None, epsilon=None):
        # forward pass
        activation, weighted_inputs, activations = self._forward(activation, include=True)
        # compute cost of forward pass for verbose output
        cost = self.loss.cost(activation, label)
        # backward pass, starting with final layer
        delta = np.multiply(
            self.loss.loss_prime(activation, label, epsilon=epsilon),
            self.activation_funcs[-1].function_prime(weighted_inputs[-1]),
        )
        # remaining layers
        for layer_index in range(self.num_layers, 1, -1):
            # compute product before weights change
            product = np.dot(self.weights[layer_index].transpose(), delta)
            m = activations[layer_index - 1].shape[1]  # batch_size
            weight_gradient = (np.dot(delta, activations[layer_index - 1].transpose())) * (1 / m)
            bias_gradient = (delta).mean(axis=1, keepdims=True)
            # add computed gradients
            self.weights_gradients[layer_index] = weight_gradient
            self.biases_gradients[layer_index] = bias_gradient
            # computes (layer_index - 1) delta vector
            # NOTE this computes first layer delta if the ann is pipelines from another model
            delta = np.multiply(
                product,
                self.activation_funcs[layer_index - 1].function_prime(
                    weighted_inputs[layer_index - 1]
                ),
            )
        return cost, delta

    def update(self, learning_rate):
        for layer_index in range(2, self.num_layers + 1):
            self.weights[layer_index] -= learning_rate * self.weights_gradients[layer_index]
            self.biases[layer_index] -= learning_rate * self.biases_gradients[layer_index]


_floats = {}


def train(images, labels, hidden, batch_size, examples):
    """Examples per second in one epoch of this many examples, without the conversion to floats."""
    if examples not in _floats:
        x = images.reshape(-1, 784)[:examples].T.astype(np.float32, order="C") / 255
        _floats[examples] = x, np.eye(10, dtype=np.float32)[:, labels[:examples]]
    x, y = _floats[examples]
    network = Network([784, hidden, 10])
    begun = perf_counter()
    order = np.random.default_rng(0).permutation(examples)
    for start in range(0, examples, batch_size):
        columns = order[start : start + batch_size]
        network._backward(x[:, columns], y[:, columns])
        network.update(0.5)
    return examples / (perf_counter() - begun)
