_base_ = "./youtube_vis_2019.py"

# as VisTR trains: DETR's random crop, then at most 540x300, and colours; the frames of a clip share all draws. At test
# 540x300 too
load = dict(type="LoadFrame")
small = dict(type="mmdet.Resize", scale=(540, 300), keep_ratio=True)
crop = [
    dict(
        type="mmdet.RandomChoiceResize",
        scales=[(1333, short) for short in (400, 500, 600)],
        keep_ratio=True,
        resize_type="mmdet.Resize",  # the default, mmcv's Resize, does not resize masks
    ),
    dict(
        type="mmdet.RandomCrop",
        crop_type="absolute_range",
        crop_size=(384, 600),
        allow_negative_crop=True,
        recompute_bbox=True,
    ),
]
train = [
    load,
    dict(type="mmdet.LoadTrackAnnotations", with_mask=True),
    dict(type="mmdet.RandomFlip", prob=0.5),
    *crop,
    small,
    dict(type="mmdet.PhotoMetricDistortion"),
]
pack = dict(type="PackClip")

train_dataloader = dict(
    dataset=dict(
        pipeline=[dict(type="TransformBroadcaster", share_random_params=True, transforms=train), pack],
    )
)
val_dataloader = dict(
    dataset=dict(pipeline=[dict(type="TransformBroadcaster", transforms=[load, small]), pack]),
)
test_dataloader = val_dataloader
del load, small, crop, train, pack
