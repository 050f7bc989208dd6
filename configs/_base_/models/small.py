# what the small models share; they learn from scratch on two CPU cores in minutes, on frames of about 128x96 pixels
small = dict(
    # changes to ResNet-50
    backbone=dict(
        depth=18,
        base_channels=32,
        frozen_stages=-1,
        # a batch has the frames of a few videos, which look too much alike for batch normalisation
        norm_cfg=dict(type="GN", num_groups=8),
        norm_eval=False,
        init_cfg=None,
    ),
    # without the last stage of the backbone; all small models but SRNet
    three_stages=dict(num_stages=3, strides=(1, 2, 2), dilations=(1, 1, 1), out_indices=(0, 1, 2)),
    # features of boxes from the three levels that are left
    rois=dict(out_channels=64, featmap_strides=[4, 8, 16], finest_scale=28),
)
