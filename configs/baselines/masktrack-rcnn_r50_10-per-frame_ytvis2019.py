_base_ = "./masktrack-rcnn_r50_ytvis2019.py"

# no more than 10 detections in a frame, as a trained model has: for benchmarks with random weights
model = dict(detector=dict(test_cfg=dict(rcnn=dict(max_per_img=10))))
