"""Neural networks written from scratch in NumPy: forward, backward, and nothing hidden.

Read ``network.Network.backpropagate`` first: it is the four equations of backpropagation.
"""

from nets_core import gradcheck, metrics, recipes
from nets_core.data import datasets, digits
from nets_core.files import saving
from nets_core.network import Network
from nets_core.optimizers import SGD, Adam
from nets_core.training import Diverged, Trainer

__version__ = "0.1.0"

__all__ = [
    "SGD",
    "Adam",
    "Diverged",
    "Network",
    "Trainer",
    "datasets",
    "digits",
    "gradcheck",
    "metrics",
    "recipes",
    "saving",
]
