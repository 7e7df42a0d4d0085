"""A strict reader of plainly written feeds: the raw values that feedparser would give, or word that it cannot say. Pure.

feedparser is the reference and takes twenty milliseconds where this takes one. Both read with the same XML parser (expat), so they see
the same document; this reader knows what feedparser makes of the elements that nearly every feed is written in, and nothing else:

* an entry that holds anything beyond them is left to feedparser (None in its place);
* so is the head of the feed (`feed` is None);
* a document in which one entry could bear on how another is read is left to it as a whole: `Whole` is raised.

What feedparser carries over from one entry to the next is the reason for the checks: prefixes, depth, open contexts.
`tests/watcher/test_strict.py` holds both to the same words.
"""

from watcher.sources.strict.reader import MARK, Read, read_strictly
from watcher.sources.strict.work import Whole

__all__ = ["MARK", "Read", "Whole", "read_strictly"]
