default_scope = "mmvis_ext"

default_hooks = dict(
    timer=dict(type="WallTimerHook"),
    logger=dict(type="LoggerHook", interval=20, log_metric_by_epoch=False),
    param_scheduler=dict(type="ParamSchedulerHook"),
    checkpoint=dict(type="PlainCheckpointHook", interval=1, max_keep_ckpts=3, save_best="auto"),
    sampler_seed=dict(type="DistSamplerSeedHook"),
)
custom_hooks = [
    dict(type="CheckClassesHook"),
    dict(type="CheckSlotsHook"),
    dict(type="CheckStartHook"),
    dict(type="ActivationCheckpointingHook"),
    dict(type="FiniteLossHook"),
    dict(type="CurvesHook"),
    dict(type="ValidationSheetHook"),
    dict(type="OutcomeHook"),
]

env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method="fork", opencv_num_threads=0),
    dist_cfg=dict(backend="nccl"),
)
visualizer = dict(type="Visualizer", vis_backends=[dict(type="LocalVisBackend")])
log_processor = dict(type="LogProcessor", window_size=20, by_epoch=True)
log_level = "INFO"
randomness = dict(seed=0)
sync_bn = "torch"  # batch norm that is trained has the statistics of all GPUs
load_from = None
load_other_classes = False  # True: load_from may have other classes; its classifier is left out
checkpointing = False  # True: parts of the model are computed again in the backward pass, which needs less memory
resume = False

val_cfg = dict(type="VideoValLoop")
test_cfg = dict(type="VideoTestLoop")
