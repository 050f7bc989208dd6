_base_ = "../../_base_/datasets/shapes_vis_mini_stills.py"

# the videos and still images that are moved, both with classes
train_dataloader = dict(
    batch_size=8,
    sampler=dict(endless=True),
    dataset=dict(
        datasets=dict(
            videos=dict(data_root="{{$STUDY_DATA:data/shapes_vis/claims}}/youtube_vis/"),
            images=dict(data_root="{{$STUDY_DATA:data/shapes_vis/claims}}/coco/"),
        )
    ),
)
val_dataloader = dict(dataset=dict(data_root="{{$STUDY_DATA:data/shapes_vis/claims}}/youtube_vis/"))
test_dataloader = val_dataloader
