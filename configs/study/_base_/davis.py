_base_ = "../../_base_/datasets/shapes_vis_mini_davis_stills.py"

# the same videos in the folders of DAVIS, and still images that are moved
train_dataloader = dict(
    batch_size=8,
    sampler=dict(endless=True),
    dataset=dict(
        datasets=dict(
            videos=dict(data_root="{{$STUDY_DATA:data/shapes_vis/claims}}/davis/"),
            images=dict(data_root="{{$STUDY_DATA:data/shapes_vis/claims}}/coco/"),
        )
    ),
)
val_dataloader = dict(dataset=dict(data_root="{{$STUDY_DATA:data/shapes_vis/claims}}/davis/"))
test_dataloader = val_dataloader
