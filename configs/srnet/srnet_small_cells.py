_base_ = [
    "../_base_/models/srnet_small.py",
    "../_base_/datasets/cell_tracking.py",
    "../_base_/schedules/small_20e.py",
    "../_base_/default_runtime.py",
]

# cells under the microscope, in pairs of consecutive frames
