_base_ = ["./efficientnet_lite0_fpn.py", "./roi_extractor.py"]

# Objects of one class. They are large in real frames, so masks have 56 cells a side, from finer levels of the pyramid
# than the stages read, where objects of half the frame have cells of 16 pixels.
model = dict(
    type="EfficientVIS",
    head=dict(
        type="TrackletCascade",
        num_classes=1,
        num_queries=10,
        num_iterations=3,
        embed_dims=96,
        feedforward_channels=384,
        mask_convs=2,
        roi_extractor=dict(_base_.roi_extractor, out_channels=96),
        mask_roi_extractor=dict(
            _base_.roi_extractor,
            roi_layer=dict(_base_.roi_extractor.roi_layer, output_size=28),
            out_channels=96,
            finest_scale=224,
        ),
    ),
    assigner=dict(type="TrackletAssigner"),
    match_each=False,
    clip_len=6,
)
