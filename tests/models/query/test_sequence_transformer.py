"""DETR's transformer over a clip: which query stands where, what padding does, and DETR itself where T = 1."""

import pytest
import torch
from mmdet.registry import MODELS as MMDET_MODELS
from mmengine.config import Config
from mmengine.registry import DefaultScope
from torch import nn

from mmvis_ext.models.query import SequenceTransformer

K, N, T, C, B, H, W = 3, 4, 2, 24, 2, 3, 4
SIZES = torch.tensor([[48.0, 64.0], [32.0, 48.0]])  # of 48x64 padded pixels, 16 for each token
PADDED = (48, 64)


def transformer(**changes) -> SequenceTransformer:
    settings = dict(
        num_classes=K, in_channels=5, clip_len=T, num_queries=N, embed_dims=C, num_heads=4, num_layers=2,
        feedforward_channels=16,
    )  # fmt: skip
    out = SequenceTransformer(**settings | changes)
    out.init_weights()
    return out.eval()


def features(b: int = B, t: int = T) -> torch.Tensor:
    return torch.randn(b * t, 5, H, W)


@torch.no_grad()
def test_shapes_and_ranges():
    out = transformer(num_layers=3)(features(), SIZES, PADDED)
    assert out.class_logits.shape == (3, B, N, T, K + 1)
    assert out.boxes.shape == (3, B, N, T, 4)
    assert (out.queries.shape, out.memory.shape, out.outside.shape) == ((B, N, T, C), (B, T, C, H, W), (B, H, W))
    limits = SIZES.flip(-1)[:, None, None]
    centres = (out.boxes[..., :2] + out.boxes[..., 2:]) / 2
    assert ((centres > 0) & (centres < limits)).all()
    assert (out.boxes[..., 2:] > out.boxes[..., :2]).all()


@torch.no_grad()
def test_a_query_of_frame_t_and_instance_n_is_number_tN_plus_n():
    """Without self-attention of the queries, another learned query changes its own place alone."""
    model, frames = transformer(num_layers=1), features()
    model.decoder.layers[0].self_attn.attn.out_proj.weight.zero_()
    before = model(frames, SIZES, PADDED).queries
    n, t = 2, 1
    model.query_embedding.weight[t * N + n] += 1
    changed = (model(frames, SIZES, PADDED).queries - before).abs().amax(-1) > 1e-4
    expected = torch.zeros(B, N, T, dtype=torch.bool)
    expected[:, n, t] = True
    assert torch.equal(changed, expected)


@torch.no_grad()
def test_clips_of_a_batch_are_those_alone():
    model, frames = transformer(), features()
    together = model(frames, SIZES, PADDED)
    for b in range(B):
        alone = model(frames[b * T : (b + 1) * T], SIZES[b : b + 1], PADDED)
        torch.testing.assert_close(together.class_logits[:, b], alone.class_logits[:, 0], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(together.boxes[:, b], alone.boxes[:, 0], rtol=1e-4, atol=1e-3)


@torch.no_grad()
def test_padding_changes_nothing():
    """A clip of 2x3 tokens gives the same with a row and a column of noise as padding."""
    model, frames = transformer(), features(1)
    sizes = SIZES[1:]
    whole = model(frames, sizes, PADDED)
    bare = model(frames[..., :2, :3], sizes, (32, 48))
    for name in ("class_logits", "boxes", "queries"):
        torch.testing.assert_close(getattr(whole, name), getattr(bare, name), rtol=1e-4, atol=1e-3)
    torch.testing.assert_close(whole.memory[..., :2, :3], bare.memory, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_every_frame_is_seen_by_every_query():
    model, frames = transformer(), features(1)
    before = model(frames, SIZES[:1], PADDED).queries
    frames[1] += 1
    assert ((model(frames, SIZES[:1], PADDED).queries - before).abs().amax(-1) > 1e-6).all()


@torch.no_grad()
def test_no_attention_writes_its_map(monkeypatch):
    """A map of 36 frames has some 40 million weights per head."""
    asked, attend = [], nn.MultiheadAttention.forward

    def spy(self, *args, **kwargs):
        asked.append(kwargs["need_weights"])
        return attend(self, *args, **kwargs)

    monkeypatch.setattr(nn.MultiheadAttention, "forward", spy)
    transformer(num_layers=2)(features(), SIZES, PADDED)
    assert asked == [False] * 6, "two in the encoder, four in the decoder"


@torch.no_grad()
@pytest.mark.parametrize("training", [False, True])
def test_its_layers_are_mmdets(training, monkeypatch):
    """With the same positions, mmdet's DETR and a VisTR of one frame are the same network."""
    attention = dict(embed_dims=C, num_heads=4, batch_first=True)
    layer = dict(self_attn_cfg=attention, ffn_cfg=dict(embed_dims=C, feedforward_channels=16))
    with DefaultScope.overwrite_default_scope("mmdet"):
        theirs = MMDET_MODELS.build(
            Config(
                dict(
                    type="DETR", num_queries=N, positional_encoding=dict(num_feats=C // 2, normalize=True),
                    backbone=dict(type="ResNet", depth=18, init_cfg=None),
                    encoder=dict(num_layers=2, layer_cfg=layer),
                    decoder=dict(num_layers=2, layer_cfg=dict(layer, cross_attn_cfg=attention)),
                    bbox_head=dict(
                        type="DETRHead", num_classes=K, embed_dims=C, loss_cls=dict(type="CrossEntropyLoss")
                    ),
                )
            )
        )  # fmt: skip
    model = transformer(clip_len=1, dropout=0.0).train(training)
    for part in ("encoder", "decoder", "query_embedding"):
        getattr(theirs, part).load_state_dict(getattr(model, part).state_dict())
    theirs.train(training)
    positions = theirs.positional_encoding(torch.zeros(1, H, W))  # (1,C,H,W)
    encoding = "mmvis_ext.models.query.sequence_transformer.sine_encoding"
    monkeypatch.setattr(encoding, lambda outside, length, channels: positions.permute(0, 2, 3, 1)[:, None])
    frames = features(1, 1)
    found = model(frames, SIZES[:1], PADDED)
    tokens, sequence = (x.flatten(2).transpose(1, 2) for x in (model.project(frames), positions))
    memory = theirs.encoder(query=tokens, query_pos=sequence, key_padding_mask=None)
    learned = theirs.query_embedding.weight[None]
    queries = theirs.decoder(
        query=torch.zeros_like(learned), key=memory, value=memory, query_pos=learned, key_pos=sequence,
        key_padding_mask=None,
    )  # fmt: skip
    torch.testing.assert_close(found.queries[:, :, 0], queries[-1], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found.memory[:, 0].flatten(2).transpose(1, 2), memory, rtol=1e-4, atol=1e-5)
