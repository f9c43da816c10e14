"""The last layer's MLP, computed only where somebody reads its output.

Behind the last attention no position looks at another, and the head reads the positions that predict a completion
token. Whatever the MLP would compute at the prompt's other positions is thrown away: three quarters of a layer's
products, for most of the tokens.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn


class ReadPositions:
    """Stands before an MLP's forward; the output at positions that nobody reads is 0."""

    def __init__(self, mlp: nn.Module) -> None:
        self._whole: Callable[[Tensor], Tensor] = mlp.forward
        self.read: tuple[Tensor, Tensor] | None = None
        """Rows [m] and positions [m] that are read, each pair once; None: all. It must stand until the backward pass
        is over if the layer is checkpointed."""
        mlp.forward = self._forward

    def _forward(self, x: Tensor) -> Tensor:
        if self.read is None:
            return self._whole(x)
        chosen = self._whole(x[self.read][None])[0]  # [n, L, d] to [m, d]
        return torch.zeros_like(x).index_put(self.read, chosen)
