"""Read one card with nfcpy: print UID and NDEF text."""

# ruff: noqa: T201

import sys

import nfc.clf
import nfc.clf.pn532
import nfc.clf.transport
import nfc.tag

device = nfc.clf.pn532.init(nfc.clf.transport.TTY(sys.argv[1]))
clf = nfc.clf.ContactlessFrontend.__new__(nfc.clf.ContactlessFrontend)
nfc.clf.ContactlessFrontend.__init__(clf)
clf.device = device
target = clf.sense(nfc.clf.RemoteTarget("106A"))
if target is None:
    sys.exit("no card")
tag = nfc.tag.activate(clf, target)
print(tag.identifier.hex())
print(tag.ndef.records[0].text if tag.ndef else "-")
clf.close()
