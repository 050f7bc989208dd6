_base_ = ["./youtube_vis_2019.py", "./davis_layout.py", "./stills.py"]

# trained on pairs of frames: half of them are consecutive frames of DAVIS, half are made of an image of COCO or Pascal
# VOC, which is moved differently for each frame. All objects have the class "object". For schedules that count
# iterations
data_root = "data/DAVIS/"
coco_class_map = None
clips = dict(type="ClipSample", clip_len=2)
load, pack = _base_.train_dataloader.dataset.pipeline
still = dict(class_map="object", pipeline=[load, dict(type="PseudoMotion"), pack])
train_dataloader = dict(
    sampler=dict(endless=True),
    dataset=dict(
        _delete_=True,
        type="MixedDataset",
        clips=clips,
        ratio=dict(videos=2, coco=1, voc=1),
        datasets=dict(
            videos=dict(
                _base_.train_dataloader.dataset,
                **_base_.davis,
                data_root=data_root,
                ann_file="ImageSets/2017/train.txt",
                clips=clips,
            ),
            coco=dict(_base_.stills.coco, **still),
            voc=dict(_base_.stills.voc, **still),
        ),
    ),
)
val_dataloader = dict(dataset=dict(_base_.davis, data_root=data_root, ann_file="ImageSets/2017/val.txt"))
test_dataloader = val_dataloader
val_evaluator = dict(type="DAVISMetric")
test_evaluator = val_evaluator
del clips, load, pack, still
