# VisTR with the values of its paper and of its authors' code; the trunk is DETR's, without an FPN
model = dict(
    type="VisTR",
    data_preprocessor=dict(
        type="VideoDataPreprocessor",
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        pad_size_divisor=32,
    ),
    backbone=dict(
        type="mmdet.ResNet",
        depth=50,
        num_stages=4,
        out_indices=(0, 1, 2, 3),
        frozen_stages=1,
        norm_cfg=dict(type="BN", requires_grad=False),
        norm_eval=True,
        style="pytorch",
        init_cfg=dict(type="Pretrained", checkpoint="torchvision://resnet50"),
    ),
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
