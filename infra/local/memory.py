"""How much memory a running stack takes: the proportional set size, in which shared pages count once."""

import psutil


def proportional_bytes(pid: int) -> dict[str, int]:
    """PSS of every process below `pid`, itself included, by name; a name's processes are summed."""
    found: dict[str, int] = {}
    root = psutil.Process(pid)
    for process in (root, *root.children(recursive=True)):
        try:
            name = process.name()
            found[name] = found.get(name, 0) + process.memory_full_info().pss
        except psutil.NoSuchProcess:
            continue
    return found
