_base_ = ["./shapes_vis_mini.py", "./davis_layout.py", "./stills.py"]

# trained on pairs of frames: half of them are consecutive frames of the videos in the folders of DAVIS, half are made
# of an image that is moved differently for each frame; videos and images are written by
# tools/dataset_converters/shapes_vis.py --preset mini --layouts youtube_vis davis coco
data_root = "data/shapes_vis/mini/davis/"
clips = dict(type="ClipSample", clip_len=2, num_clips=1)
load, pack = _base_.train_dataloader.dataset.pipeline
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type="MixedDataset",
        clips=clips,
        ratio=dict(videos=1, images=1),
        datasets=dict(
            videos=dict(
                _base_.train_dataloader.dataset,
                **_base_.davis,
                data_root=data_root,
                ann_file="ImageSets/2017/train.txt",
                clips=clips,
            ),
            images=dict(_base_.stills.shapes, class_map="object", pipeline=[load, dict(type="PseudoMotion"), pack]),
        ),
    ),
)
val_dataloader = dict(dataset=dict(_base_.davis, data_root=data_root, ann_file="ImageSets/2017/val.txt"))
test_dataloader = val_dataloader
val_evaluator = dict(type="DAVISMetric")
test_evaluator = val_evaluator
del clips, load, pack
