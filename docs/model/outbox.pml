/* How a fact travels: journal, uplink, broker, ledger. Checked by tests/model (spin).
 *
 * What is durable: journal (last, acked, sent, id[]), its old image on another card, the ledger
 * (cursor and id[] of every epoch). What is not: where the uplink sends from, all of the broker.
 * Faults: the broker loses, repeats and reorders messages or forgets them all; the device loses its
 * power at any step; once, its storage goes back to an older image of itself.
 *
 * A fact carries its own number (an id, never used twice) besides its place in the stream.
 * PROMISED: every fact that the device holds for acknowledged is in the ledger, and none is there
 * twice (assertions, in every reachable state); and once faults stop, every fact of the journal is
 * acknowledged (heals).
 *
 * Each mutant (-DNAME) leaves one rule out; spin finds what goes wrong then.
 */
#ifndef FACTS
#define FACTS 3
#endif
#ifndef FAULTS
#define FAULTS 2
#endif
#define EPOCHS 3

typedef Rows { byte id[FACTS + 1] };

Rows journal, image, ledger[EPOCHS];
byte epoch, last, acked, sent;                          /* the journal's own state */
byte image_epoch, image_last, image_acked, image_sent;
byte cursor[EPOCHS];                                    /* the ledger's */
byte applied[FACTS + 1];                                /* how often a fact is in the ledger */
byte made, epochs = 1, faults;
bool copied, restored;

chan up = [2] of { byte, byte, byte, byte };            /* epoch, number, id, id before it */
chan down = [2] of { byte, byte, byte };                /* epoch, cursor, id there */

inline hello() { if :: nfull(up) -> up ! epoch, 0, 0, 0 :: full(up) -> skip fi }

inline fresh_epoch() {                                  /* what is not acknowledged, from 1 again */
    d_step {
        n = acked + 1; m = 0;
        do
        :: n <= last -> m++; journal.id[m] = journal.id[n]; n++
        :: else -> break
        od;
        n = m + 1;
        do
        :: n <= FACTS -> journal.id[n] = 0; n++
        :: else -> break
        od;
        last = m; acked = 0; sent = 0; epoch = epochs; epochs++; next = 0; n = 0; m = 0
    }
    hello()
}

inline check_acked() {                                  /* nothing is let go that is not there */
    d_step {
        n = 1;
        do
        :: n <= acked -> assert(applied[journal.id[n]] >= 1); n++
        :: else -> break
        od;
        n = 0
    }
}

inline take_cursor() {                                  /* epoch e, cursor s, id i there */
    if
    :: e != epoch || s <= acked -> skip
#ifdef NO_NEW_EPOCH
    :: else -> if :: s > last -> s = last :: else fi;
#else
#ifdef SENT_FORGOTTEN
    :: e == epoch && s > acked && s > last -> fresh_epoch()
#else
    :: e == epoch && s > acked && s > sent -> fresh_epoch()
#endif
#ifndef CURSOR_WITHOUT_ID
    :: e == epoch && s > acked && s <= sent && journal.id[s] != i -> fresh_epoch()
#endif
    :: else ->
#endif
            acked = s;
            if :: next < acked -> next = acked :: else fi;
            check_acked()
    fi
}

active proctype Device() {
    byte next, e, s, i, n, m;
end:
    do
    :: atomic { made < FACTS -> made++; last++; journal.id[last] = made }
    :: atomic { next < last && nfull(up) ->
            next++;
            if :: sent < next -> sent = next :: else fi;  /* durable before it travels */
            up ! epoch, next, journal.id[next], journal.id[next - 1];
#ifdef DELETE_ON_PUBACK
            if :: acked < next -> acked = next :: else fi;
            check_acked()
#endif
        }
    :: atomic { down ? e, s, i -> take_cursor(); e = 0; s = 0; i = 0 }
#ifndef NO_RESEND
    :: atomic { timeout && acked < last -> next = acked; hello() }
#endif
    :: atomic { faults < FAULTS -> faults++; next = acked; hello() }           /* power cut */
    :: d_step { !copied ->
            copied = true; image_epoch = epoch; image_last = last; image_acked = acked;
            image_sent = sent;
            n = 1;
            do :: n <= FACTS -> image.id[n] = journal.id[n]; n++ :: else -> break od;
            n = 0
        }
    :: atomic { copied && !restored ->
            restored = true; epoch = image_epoch; last = image_last; acked = image_acked;
            sent = image_sent; next = acked;
            n = 1;
            do :: n <= FACTS -> journal.id[n] = image.id[n]; n++ :: else -> break od;
            n = 0;
            hello()
        }
    od
}

active proctype Broker() {                              /* what it does besides passing on */
    byte e, s, i, p;
end:
    do
    :: atomic { faults < FAULTS && nempty(up) -> faults++; up ? e, s, i, p; e = 0; s = 0; i = 0; p = 0 }
    :: atomic { faults < FAULTS && nempty(up) && nfull(up) -> faults++; up ? <e, s, i, p>; up ! e, s, i, p;
            e = 0; s = 0; i = 0; p = 0 }
    :: atomic { faults < FAULTS && len(up) == 2 -> faults++; up ? e, s, i, p; up ! e, s, i, p;
            e = 0; s = 0; i = 0; p = 0 }                /* order */
    :: atomic { faults < FAULTS && nempty(down) -> faults++; down ? e, s, i; e = 0; s = 0; i = 0 }
    :: atomic { faults < FAULTS && (nempty(up) || nempty(down)) -> faults++;
            do :: nempty(up) -> up ? e, s, i, p :: empty(up) -> break od;
            do :: nempty(down) -> down ? e, s, i :: empty(down) -> break od;
            e = 0; s = 0; i = 0; p = 0 }                /* amnesia */
    od
}

inline once() {                                         /* by the fact's own id */
    if
#ifndef NO_IDS
    :: applied[i] > 0 -> skip
#endif
    :: else -> applied[i]++; assert(applied[i] <= 1)
    fi
}

inline commit() {                                       /* one transaction: number s, id i, p before */
    if
#ifndef PREV_UNCHECKED
    :: s > 1 && s <= cursor[e] + 1 && ledger[e].id[s - 1] != p -> skip   /* another history */
#endif
#ifndef GAPS_TAKEN
    :: s > cursor[e] + 1 -> skip
#endif
#ifdef NO_DEDUP
    :: else -> applied[i]++; assert(applied[i] <= 1); ledger[e].id[s] = i;
            if :: s > cursor[e] -> cursor[e] = s :: else fi
#else
    :: else ->
            if
            :: s <= cursor[e] && ledger[e].id[s] == i -> skip              /* a repeat */
            :: s <= cursor[e] && ledger[e].id[s] != i -> once()            /* a used number */
            :: s > cursor[e] -> once(); ledger[e].id[s] = i; cursor[e] = s
            fi
#endif
    fi
}

active proctype Gateway() {
    byte e, s, i, p;
end:
    do
    :: atomic { up ? e, s, i, p ->
#ifdef ACK_BEFORE_COMMIT
            if
            :: s > cursor[e] && nfull(down) -> down ! e, s, i
            :: else
            fi
        }
        atomic {
            if
            :: faults < FAULTS -> faults++; s = 0        /* it was killed in between */
            :: true
            fi;
#endif
            if :: s > 0 -> commit() :: else fi;
            if
            :: nfull(down) -> down ! e, cursor[e], ledger[e].id[cursor[e]]
            :: full(down) -> skip                        /* said, and not heard */
            fi;
            e = 0; s = 0; i = 0; p = 0
        }
    od
}

ltl heals { <> (made == FACTS && restored && acked == last) }
