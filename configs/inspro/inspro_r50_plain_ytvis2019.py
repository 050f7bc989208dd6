_base_ = [
    "../_base_/models/inspro_r50.py",
    "../_base_/datasets/youtube_vis_2019_3frames.py",
    "../_base_/schedules/adamw_32k.py",
    "../_base_/iter_runtime.py",
]

# neither box deduplication nor intra-query attention
model = dict(loss_weights=dict(dedup=0), head=dict(bank_length=1))
