_base_ = "./resnet50_fpn.py"

start = dict(detector="mask-rcnn_r101_fpn_ms-poly-3x_coco")  # see tools/start_weights.py

# without categories: unsupervised video object segmentation; with num_classes in the head it does video instance
# segmentation
model = dict(
    type="SRNet",
    backbone=dict(depth=101, init_cfg=dict(checkpoint="torchvision://resnet101")),
    head=dict(type="DenseHead", in_channels=256, norm_cfg=dict(type="GN", num_groups=32)),
    first_frame=0.1,  # weight of a pair's first frame, which is trained without a frame before it
    min_pixels=4,  # masks with fewer pixels on the head's maps, 64 of the input, are left out
)
