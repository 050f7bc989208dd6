"""``python -m mmvis_ext`` is the program ``mmvis``."""

from mmvis_ext.commands import main

if __name__ == "__main__":
    main()
