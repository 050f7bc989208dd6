_base_ = "./resnet50_fpn.py"

# VisTR with the values of its paper and of its authors' code
model = dict(
    type="VisTR",
    backbone=dict(norm_cfg=dict(requires_grad=False)),
    neck=None,  # as in DETR; the mask head takes the backbone's levels
    in_channels=[256, 512, 1024, 2048],
    head=dict(
        type="SequenceTransformer",
        num_classes=40,
        num_queries=10,
        embed_dims=384,
        num_heads=8,
        num_layers=6,
        feedforward_channels=2048,
        dropout=0.1,
    ),
    mask_head=dict(type="SequenceMaskHead", deformable=True),
    assigner=dict(type="SequenceAssigner"),
    clip_len=36,
)
start = dict(detector="detr_r50_8xb2-150e_coco")  # see tools/start_weights.py
