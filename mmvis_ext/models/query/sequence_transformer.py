"""DETR's transformer over all frames of a clip at once, with a query per instance and frame (VisTR, Sec. 3.1 and 3.2).

"End-to-End Video Instance Segmentation with Transformers", Wang et al. 2021, https://arxiv.org/abs/2011.14503.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from mmdet.models.layers import MLP
from mmdet.models.layers.transformer import DetrTransformerDecoder, DetrTransformerEncoder
from mmdet.structures.bbox import bbox_cxcywh_to_xyxy
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmvis_ext.registry import MODELS

from .sine_encoding import padded_tokens, sine_encoding

__all__ = ["SequenceOutput", "SequenceTransformer"]


class SequenceOutput(NamedTuple):
    """What the transformer says of B clips; M is the number of decoder layers.

    Attributes:
        class_logits: (M,B,N,T,K+1), the last one for no object.
        boxes: (M,B,N,T,4) xyxy pixels.
        queries: (B,N,T,C) of the last layer.
        memory: (B,T,C,h,w) encoded features.
        outside: (B,h,w) bool, where these are padding.
    """

    class_logits: Tensor
    boxes: Tensor
    queries: Tensor
    memory: Tensor
    outside: Tensor


@MODELS.register_module()
class SequenceTransformer(BaseModule):
    """The features of all T frames are one sequence of T*h*w tokens, and N learned queries look for objects per frame.

    The query of instance n in frame t is the learned one number t*N+n, so a place n is the same instance in all frames.
    Layer names are those of mmdet's ``DETR`` where there is one.

    Args:
        num_classes: K.
        in_channels: channels of the backbone's last level.
        clip_len: T; the number of weights depends on it.
        num_queries: N, per frame.
        embed_dims: C.
        num_heads: heads of each attention.
        num_layers: layers of the encoder, and of the decoder.
        feedforward_channels: hidden width of each FFN.
        dropout: in attention and FFNs.
    """

    def __init__(
        self, num_classes: int, in_channels: int, clip_len: int, num_queries: int = 10, embed_dims: int = 384,
        num_heads: int = 8, num_layers: int = 6, feedforward_channels: int = 2048, dropout: float = 0.1,
    ) -> None:  # fmt: skip
        super().__init__()
        self.num_classes, self.clip_len, self.num_queries = num_classes, clip_len, num_queries
        self.embed_dims, self.num_heads = embed_dims, num_heads
        attention = dict(
            embed_dims=embed_dims, num_heads=num_heads, attn_drop=dropout,
            dropout_layer=dict(type="Dropout", drop_prob=dropout), batch_first=True,
        )  # fmt: skip
        ffn = dict(embed_dims=embed_dims, feedforward_channels=feedforward_channels, ffn_drop=dropout)
        self.project = nn.Conv2d(in_channels, embed_dims, 1)
        self.encoder = DetrTransformerEncoder(num_layers, dict(self_attn_cfg=attention, ffn_cfg=ffn))
        self.decoder = DetrTransformerDecoder(
            num_layers, dict(self_attn_cfg=attention, cross_attn_cfg=attention, ffn_cfg=ffn)
        )
        self.query_embedding = nn.Embedding(clip_len * num_queries, embed_dims)
        self.fc_cls = nn.Linear(embed_dims, num_classes + 1)
        self.fc_reg = MLP(embed_dims, embed_dims, 4, 3)
        for module in self.modules():
            if isinstance(module, nn.MultiheadAttention):
                module.register_forward_pre_hook(_without_maps, with_kwargs=True)

    def init_weights(self) -> None:
        """Initialise as DETR: Xavier for all matrices of encoder and decoder."""
        super().init_weights()
        for parameter in (*self.encoder.parameters(), *self.decoder.parameters()):
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)

    def forward(self, features: Tensor, sizes: Tensor, padded: Sequence[int]) -> SequenceOutput:
        """Look at B clips of T frames.

        Args:
            features: (B*T,c,h,w), the backbone's last level.
            sizes: (B,2) height and width in pixels of each clip's frames without padding.
            padded: (H, W) in pixels with padding.
        """
        b, t = len(sizes), self.clip_len
        grid = features.shape[-2:]
        tokens = self.project(features).unflatten(0, (b, t)).permute(0, 1, 3, 4, 2)  # (B,T,h,w,C)
        outside = padded_tokens(sizes, padded, grid)
        positions = sine_encoding(outside, t, self.embed_dims).flatten(1, 3)
        ignored = outside[:, None].expand(b, t, *grid).flatten(1)
        memory = self.encoder(tokens.flatten(1, 3), query_pos=positions, key_padding_mask=ignored)
        learned = self.query_embedding.weight.expand(b, -1, -1)
        found = self.decoder(
            torch.zeros_like(learned), key=memory, value=memory, query_pos=learned, key_pos=positions,
            key_padding_mask=ignored,
        ).unflatten(2, (t, self.num_queries)).transpose(2, 3)  # (M,B,N,T,C)  # fmt: skip
        whwh = sizes.flip(-1).repeat(1, 2)[:, None, None]
        return SequenceOutput(
            class_logits=self.fc_cls(found),
            boxes=bbox_cxcywh_to_xyxy(self.fc_reg(found).sigmoid()) * whwh,
            queries=found[-1],
            memory=memory.unflatten(1, (t, *grid)).permute(0, 1, 4, 2, 3),
            outside=outside,
        )


def _without_maps(_: nn.Module, args: Any, kwargs: dict) -> tuple[Any, dict]:
    """mmcv asks for maps of the attention, T*h*w by T*h*w, and then does not use them."""
    return args, kwargs | dict(need_weights=False)
