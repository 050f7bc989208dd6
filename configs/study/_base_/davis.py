_base_ = "../../_base_/datasets/shapes_vis_mini_davis_stills.py"

# ShapesVIS claims-motion in the folders of DAVIS, and still images that are moved
train_dataloader = dict(
    batch_size=8,
    sampler=dict(endless=True),
    dataset=dict(
        datasets=dict(
            videos=dict(data_root="{{$STUDY_DATA:data/shapes_vis/claims}}-motion/davis/"),
            images=dict(data_root="{{$STUDY_DATA:data/shapes_vis/claims}}-motion/coco/"),
        )
    ),
)
val_dataloader = dict(dataset=dict(data_root="{{$STUDY_DATA:data/shapes_vis/claims}}-motion/davis/"))
test_dataloader = val_dataloader
