_base_ = [
    "./_base_/srnet.py",
    "./_base_/davis.py",
    "./_base_/schedule_from_scratch.py",
    "./_base_/runtime.py",
]

# only for tests, with the weights of srnet: the decoder sees the present frame twice
model = dict(temporal=False)
