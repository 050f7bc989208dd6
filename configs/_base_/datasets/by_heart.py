_base_ = "./youtube_vis_2019.py"

# training and test on the same few videos; the environment variable DATA_ROOT names a folder that has train.json and
# train/JPEGImages
data_root = "{{$DATA_ROOT:data/youtube_vis_2019/}}"
load = dict(type="LoadFrame")
truth = dict(type="mmdet.LoadTrackAnnotations", with_mask=True)
resize = dict(type="mmdet.Resize", scale=(320, 192), keep_ratio=True)
pack = dict(type="PackClip")

train_dataloader = dict(
    num_workers=1,
    dataset=dict(
        data_root=data_root,
        clips=dict(clip_len=4, num_clips=2),
        pipeline=[
            dict(type="TransformBroadcaster", share_random_params=True, transforms=[load, truth, resize]),
            pack,
        ],
    ),
)
val_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file="train.json",
        data_prefix=dict(img_path="train/JPEGImages"),
        pipeline=[dict(type="TransformBroadcaster", transforms=[load, resize]), pack],
    )
)
test_dataloader = val_dataloader
del load, truth, resize, pack
