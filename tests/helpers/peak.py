"""The peak memory of a command: its KiB and its exit code."""

# the peak of a process counts what its parent held when it was started, so a bare Python starts it
PEAK = """
import os, sys
with open(sys.argv[1], "rb") as stdin, open(os.devnull, "wb") as nowhere:
    moves = [(os.POSIX_SPAWN_DUP2, stdin.fileno(), 0), (os.POSIX_SPAWN_DUP2, nowhere.fileno(), 1),
             (os.POSIX_SPAWN_DUP2, nowhere.fileno(), 2)]
    pid = os.posix_spawnp("bash", ["bash", "-c", "exec " + sys.argv[2]], os.environ, file_actions=moves)
_, status, used = os.wait4(pid, 0)
print(used.ru_maxrss, os.waitstatus_to_exitcode(status))
"""
