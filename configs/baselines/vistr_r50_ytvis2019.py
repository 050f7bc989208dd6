_base_ = [
    "../_base_/models/vistr_r50.py",
    "../_base_/datasets/youtube_vis_2019_crop.py",
    "../_base_/schedules/vistr_18e.py",
    "../_base_/default_runtime.py",
]

# an epoch of VisTR has a clip for every frame, 27.6 per video on average: 18 epochs see each video about 500 times
train_dataloader = dict(sampler=dict(repeat=28))
