_base_ = "./shapes_vis_mini.py"

# half of the samples show one or two tracks of another video as well
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(
                type="CopyPasteTracks",
                prob=0.5,
                most=2,
                transforms=[
                    dict(type="LoadFrame"),
                    dict(type="mmdet.LoadTrackAnnotations", with_mask=True),
                    dict(type="mmdet.Resize", scale=(128, 96), keep_ratio=True),
                    dict(type="mmdet.RandomFlip", prob=[0.25, 0.25], direction=["horizontal", "vertical"]),
                ],
            ),
            dict(type="PackClip"),
        ],
    )
)
