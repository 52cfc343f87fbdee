"""What staff are told of a gate, in plain sentences."""

TAMPER = "The cover of the gate is open or was touched. Please look at the gate."
FIRE = "The fire alarm is on: the gate is quiet and its lock is open."
BEAMS = {
    "beam_blocked": (
        "A light beam of the gate is blocked. Take away what stands in it, or clean it."
    ),
    "beam_dirty": "A light beam of the gate flickers. Please clean its glass and look at its cable.",
    "beam_blind": (
        "Only one of the gate's light beams sees people. Please line up or clean the other one."
    ),
}
