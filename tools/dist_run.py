"""Start a tool in several processes, like torch's launcher, but with one-sentence messages for errors of the user."""

import sys

from mmvis_ext.commands.launcher import launch

if __name__ == "__main__":
    sys.exit(launch(sys.argv[1:]))
