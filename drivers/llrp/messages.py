"""The names and layouts of LLRP 1.0.1 that an explanation needs.

message     3 bits 0 | 3 bits version | 10 bits type    length u32 (all)    id u32    …
TLV         6 bits 0 | 10 bits type                     length u16 (all)    …
TV          1 | 7 bits type                             fixed length by type
"""

HEADER = 10
MESSAGES = {
    1: "GET_READER_CAPABILITIES", 2: "GET_READER_CONFIG", 3: "SET_READER_CONFIG",
    4: "CLOSE_CONNECTION_RESPONSE", 11: "GET_READER_CAPABILITIES_RESPONSE",
    12: "GET_READER_CONFIG_RESPONSE", 13: "SET_READER_CONFIG_RESPONSE", 14: "CLOSE_CONNECTION",
    20: "ADD_ROSPEC", 21: "DELETE_ROSPEC", 22: "START_ROSPEC", 23: "STOP_ROSPEC",
    24: "ENABLE_ROSPEC", 25: "DISABLE_ROSPEC", 26: "GET_ROSPECS", 30: "ADD_ROSPEC_RESPONSE",
    31: "DELETE_ROSPEC_RESPONSE", 32: "START_ROSPEC_RESPONSE", 33: "STOP_ROSPEC_RESPONSE",
    34: "ENABLE_ROSPEC_RESPONSE", 35: "DISABLE_ROSPEC_RESPONSE", 36: "GET_ROSPECS_RESPONSE",
    40: "ADD_ACCESSSPEC", 41: "DELETE_ACCESSSPEC", 42: "ENABLE_ACCESSSPEC",
    43: "DISABLE_ACCESSSPEC", 44: "GET_ACCESSSPECS", 45: "CLIENT_REQUEST_OP",
    46: "GET_SUPPORTED_VERSION", 47: "SET_PROTOCOL_VERSION", 50: "ADD_ACCESSSPEC_RESPONSE",
    51: "DELETE_ACCESSSPEC_RESPONSE", 52: "ENABLE_ACCESSSPEC_RESPONSE",
    53: "DISABLE_ACCESSSPEC_RESPONSE", 54: "GET_ACCESSSPECS_RESPONSE",
    55: "CLIENT_REQUEST_OP_RESPONSE", 56: "GET_SUPPORTED_VERSION_RESPONSE",
    57: "SET_PROTOCOL_VERSION_RESPONSE", 60: "GET_REPORT", 61: "RO_ACCESS_REPORT",
    62: "KEEPALIVE", 63: "READER_EVENT_NOTIFICATION", 64: "ENABLE_EVENTS_AND_REPORTS",
    72: "KEEPALIVE_ACK", 100: "ERROR_MESSAGE", 1023: "CUSTOM_MESSAGE",
}  # fmt: skip
FROM_READER = frozenset(
    {4, 11, 12, 13, *range(30, 37), 45, *range(50, 55), 56, 57, 61, 62, 63, 100}
)
"""What only a reader says; CUSTOM_MESSAGE (1023) either side may."""
WITH_SPEC_ID = frozenset({21, 22, 23, 24, 25, 41, 42, 43})
HEAD_OF_MESSAGE = {1: 1, 2: 7, 3: 1, 1023: 5, **dict.fromkeys(WITH_SPEC_ID, 4)}
"""Bytes in front of the parameters."""

PARAMETERS = {
    128: "UTCTimestamp", 129: "Uptime", 137: "GeneralDeviceCapabilities",
    139: "ReceiveSensitivityTableEntry", 140: "PerAntennaAirProtocol", 141: "GPIOCapabilities",
    142: "LLRPCapabilities", 143: "RegulatoryCapabilities", 144: "UHFBandCapabilities",
    145: "TransmitPowerLevelTableEntry", 146: "FrequencyInformation", 147: "FrequencyHopTable",
    148: "FixedFrequencyTable", 149: "PerAntennaReceiveSensitivityRange", 177: "ROSpec",
    178: "ROBoundarySpec", 179: "ROSpecStartTrigger", 180: "PeriodicTriggerValue",
    181: "GPITriggerValue", 182: "ROSpecStopTrigger", 183: "AISpec", 184: "AISpecStopTrigger",
    185: "TagObservationTrigger", 186: "InventoryParameterSpec", 187: "RFSurveySpec",
    188: "RFSurveySpecStopTrigger", 207: "AccessSpec", 208: "AccessSpecStopTrigger",
    209: "AccessCommand", 217: "LLRPConfigurationStateValue", 218: "Identification",
    219: "GPOWriteData", 220: "KeepaliveSpec", 221: "AntennaProperties",
    222: "AntennaConfiguration", 223: "RFReceiver", 224: "RFTransmitter",
    225: "GPIPortCurrentState", 226: "EventsAndReports", 237: "ROReportSpec",
    238: "TagReportContentSelector", 239: "AccessReportSpec", 240: "TagReportData", 241: "EPCData",
    242: "RFSurveyReportData", 243: "FrequencyRSSILevelEntry", 244: "ReaderEventNotificationSpec",
    245: "EventNotificationState", 246: "ReaderEventNotificationData", 247: "HoppingEvent",
    248: "GPIEvent", 249: "ROSpecEvent", 250: "ReportBufferLevelWarningEvent",
    251: "ReportBufferOverflowErrorEvent", 252: "ReaderExceptionEvent", 253: "RFSurveyEvent",
    254: "AISpecEvent", 255: "AntennaEvent", 256: "ConnectionAttemptEvent",
    257: "ConnectionCloseEvent", 287: "LLRPStatus", 288: "FieldError", 289: "ParameterError",
    327: "C1G2LLRPCapabilities", 328: "C1G2UHFRFModeTable", 329: "C1G2UHFRFModeTableEntry",
    330: "C1G2InventoryCommand", 331: "C1G2Filter", 332: "C1G2TagInventoryMask",
    333: "C1G2TagInventoryStateAwareFilterAction",
    334: "C1G2TagInventoryStateUnawareFilterAction", 335: "C1G2RFControl",
    336: "C1G2SingulationControl", 337: "C1G2TagInventoryStateAwareSingulationAction",
    338: "C1G2TagSpec", 339: "C1G2TargetTag", 341: "C1G2Read", 342: "C1G2Write", 343: "C1G2Kill",
    344: "C1G2Lock", 345: "C1G2LockPayload", 346: "C1G2BlockErase", 347: "C1G2BlockWrite",
    348: "C1G2EPCMemorySelector", 349: "C1G2ReadOpSpecResult", 350: "C1G2WriteOpSpecResult",
    351: "C1G2KillOpSpecResult", 352: "C1G2LockOpSpecResult", 353: "C1G2BlockEraseOpSpecResult",
    354: "C1G2BlockWriteOpSpecResult", 1023: "CustomParameter",
}  # fmt: skip
TV = {
    1: ("AntennaID", 2), 2: ("FirstSeenTimestampUTC", 8), 3: ("FirstSeenTimestampUptime", 8),
    4: ("LastSeenTimestampUTC", 8), 5: ("LastSeenTimestampUptime", 8), 6: ("PeakRSSI", 1),
    7: ("ChannelIndex", 2), 8: ("TagSeenCount", 2), 9: ("ROSpecID", 4),
    10: ("InventoryParameterSpecID", 2), 11: ("C1G2_CRC", 2), 12: ("C1G2_PC", 2),
    13: ("EPC_96", 12), 14: ("SpecIndex", 2), 15: ("ClientRequestOpSpecResult", 2),
    16: ("AccessSpecID", 4), 17: ("OpSpecID", 2), 18: ("C1G2SingulationDetails", 4),
    19: ("C1G2XPCW1", 2), 20: ("C1G2XPCW2", 2),
}  # fmt: skip
"""Name and bytes of values, by type."""
INSIDE = {
    177: 6, 178: 0, 179: 1, 182: 5, 184: 5, 186: 3, 207: 16, 209: 0, 222: 2, 237: 3, 238: 2,
    240: 0, 244: 0, 246: 0, 143: 4, 144: 0, 330: 1, 331: 1, 338: 0,
}  # fmt: skip
"""Bytes in front of the parameters inside a parameter; the others are not looked into."""

STATUS = {
    0: "success", 100: "parameter error", 101: "field error", 102: "unexpected parameter",
    103: "missing parameter", 104: "duplicate parameter", 105: "overflow of a parameter",
    106: "overflow of a field", 107: "unknown parameter", 108: "unknown field",
    109: "unsupported message", 110: "unsupported version", 111: "unsupported parameter",
    112: "unexpected message", 200: "parameter error in a parameter", 201: "field error in a parameter",
    202: "unexpected parameter in a parameter", 203: "missing parameter in a parameter",
    204: "duplicate parameter in a parameter", 205: "overflow of a parameter in a parameter",
    206: "overflow of a field in a parameter", 207: "unknown parameter in a parameter",
    208: "unknown field in a parameter", 209: "unsupported parameter in a parameter",
    300: "invalid", 301: "out of range", 401: "device error",
}  # fmt: skip
CONNECTION = {
    0: "success", 1: "failed: a connection that the reader made is there",
    2: "failed: a connection that a client made is there", 3: "failed for another reason",
    4: "another client tried to connect",
}  # fmt: skip
