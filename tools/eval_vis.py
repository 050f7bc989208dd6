"""Evaluate a results file of video instance segmentation, as ``mmvis eval youtube-vis`` does."""

from mmvis_ext.commands import tool

main = tool("eval", "youtube-vis")

if __name__ == "__main__":
    main()
