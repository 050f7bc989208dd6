_base_ = "./youtube_vis.py"

# three frames from anywhere in a video, as InsPro learns
train_dataloader = dict(batch_size=4, dataset=dict(clips=dict(clip_len=3, num_clips=1, scattered=True)))
