# features of boxes for the heads of EfficientVIS and InsPro, from a pyramid of four levels
roi_extractor = dict(
    type="StaticRoIExtractor",
    roi_layer=dict(type="RoIAlign", output_size=7, sampling_ratio=2),
    out_channels=256,
    featmap_strides=[4, 8, 16, 32],
)
