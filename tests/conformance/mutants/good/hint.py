"""What may be shown of a key."""


def shown(length):
    """So many characters at each end."""
    for least, count in ((20, 4), (10, 2), (5, 1)):
        if length >= least:
            return count
    return 0


def mask(key):
    count = shown(len(key))
    return key[:count] + "..." + key[len(key) - count :]
