_base_ = "./efficientvis_r50_ytvis2019.py"

# a plain transformer of timm, with DINOv2's weights and ViTDet's pyramid; a worked example of docs/backbones.md
start = None
model = dict(
    backbone=dict(
        _delete_=True,
        type="TimmBackbone",
        name="vit_small_patch14_dinov2.lvd142m",
        out_indices=(11,),
        pretrained=True,
        scale=14 / 16,
        settings=dict(dynamic_img_size=True, drop_path_rate=0.1),
    ),
    neck=dict(_delete_=True, type="SimpleFeaturePyramid", in_channels=384, out_channels=256),
)
optim_wrapper = dict(paramwise_cfg=dict(norm_decay_mult=0.0, custom_keys=dict(pos_embed=dict(decay_mult=0.0))))
