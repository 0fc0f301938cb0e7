/* A part of port_udp.pml: what a process does that binds, mends or has inherited a socket. */

inline bind_name(e) { file[e] = me + 1; holders[me] = 1; holds = true; named = e; c_code { note_rivals(); } }

/* bind_first_free_name, with the lock. */
#define is_taken (number(named) != 0 && (living & bit(named)))
inline bind_own() {
    do
    :: holds -> break
    :: !holds && is_taken -> named++
    :: !holds && !is_taken ->
        if
        :: atomic { file[named] == 0 -> bind_name(named) }
        :: atomic { lives(named) && number(named) == 0 -> goto refused }
        :: atomic { lives(named) && number(named) != 0 -> assert(number(named) < NUMBERS); named++ }
        :: atomic { is_dead(named) -> skip }; STEP(unlink(named); gone = gone | (known & bit(named)); dead = dead & ~gone)
        :: atomic { me < SERVERS && fails < most_fails -> fails++; goto failed }
        OR_KILLED
        fi
    od
}

/* give_number (files/port.c): of `at`. */
inline give_number() {
    numbered = (NAME_OF_ANOTHER -> A : at) + 1;
    do
    :: known & bit(numbered) -> numbered++
    :: else ->
        if
        :: atomic { file[numbered] == 0 -> file[numbered] = file[at]; break }
        :: atomic { lives(numbered) -> numbered++ }
        :: atomic { is_dead(numbered) -> unlink(numbered) }
        :: atomic { me < SERVERS && fails < most_fails -> fails++; goto way_back }
        OR_KILLED
        fi
    od;
    STEP(if :: file[at] != 0 && connected[file[at] - 1] -> its_mark = its_mark | bit(numbered) :: else fi);
    atomic {
        if :: (its_star & bit(at)) && !MARK_IS_LOST -> its_star = its_star | bit(numbered) :: else fi;
        if :: its_plus & bit(at) -> its_plus = its_plus | bit(numbered) :: else fi;
        if :: its_mark & bit(at) -> its_mark = its_mark | bit(numbered) :: else fi;
        known = known | bit(numbered);
        given = given | bit(numbered);
        dead = dead | bit(at);
        moved_from = moved_from | bit(at);
        if :: first == at -> first = numbered; moved = true :: else fi
    };
    if :: OLD_NAME_GOES_FIRST -> STEP(unlink(at)) :: else fi
}
inline give_numbers() {
    do
    :: c_expr { UNNUMBERED != 31 } ->
        at = c_expr { UNNUMBERED };
        give_number()
    :: else -> at = 0; break
    od
}

/* unsock_port_note_connected */
inline note_connected() {
    STEP(forget(); first = port_sock; dotted = several);
    if
    :: first < ENTRIES && dotted ->
        take();
        if
        :: ok ->
            read_port();
            if
            :: dotted && (living & (living - 1)) != 0 ->
                STEP(do
                    :: at < ENTRIES ->
                        if :: (known & bit(at)) && address(at) == where[me] && lives(at) && connected[file[at] - 1] -> its_mark = its_mark | bit(at) :: else fi;
                        at++
                    :: else -> break
                    od);
                at = 0;
                TRY(put_record(known))
            :: else
            fi
        :: else
        fi;
        STEP(unlock())
    :: else
    fi
}

/* What is left of a file that could not be removed at the close: the next close looks again, or it ends before. */
inline look_again(e) {
    if
    :: true -> goto over
    :: atomic { !lives(e) -> skip };
        take();
        if
        :: ok && is_plain -> if :: atomic { port_sock == FOREIGN && plain == me + 1 -> unlink_first() } :: atomic { !(port_sock == FOREIGN && plain == me + 1) -> skip } OR_KILLED fi
        :: ok && !is_plain -> leave_by_name(e)
        :: else
        fi;
        STEP(unlock());
        goto over
    :: atomic { lives(e) -> goto over }
    fi
}

proctype server(byte me) {
    READ; byte sweeps, socket = me, named; int given, moved_from; bool holds, moved, shares, be_first, is_plain, wrote;
    if
    :: me == LAST -> atomic { rests[0] && rests[1] && rests[2] ->
        if
        :: where[me] = A
        :: where[me] = B
        :: where[me] = W
        :: where[me] = A; shares_star[me] = true
        :: where[me] = A; shares_plus[me] = true
        fi }
    :: else
    fi;
    if
    :: me != LAST && does[me] == 'f' -> goto child
    :: me != LAST && (does[me] == 's' || does[me] == 'p') -> goto mending
    :: else
    fi;
    named = where[me];
    is_plain = (me != LAST && does[me] == 'c');
    atomic { true -> trying[me] = 1; c_code { note_rivals(); } };
    if
    :: is_plain -> /* bind_as_client: to another port where this one is not free */
        if
        :: atomic { port_sock == NONE -> holders[me] = 1; holds = true; port_sock = FOREIGN; plain = me + 1; c_code { note_rivals(); }; admit(); check() }; goto bound
        :: atomic { port_sock != NONE -> trying[me] = 0; goto over }
        OR_KILLED
        fi
    :: else
    fi;
    if
    :: named == K -> if :: atomic { port_sock == NONE -> skip } :: atomic { port_sock != NONE || file[K] != 0 -> trying[me] = 0; goto over } OR_KILLED fi
    :: else
    fi;
    if /* bind_free; not where the record comes first (unsock_port_needs_record) */
    :: shares_star[me] || shares_plus[me]
    :: else ->
        if
        :: atomic { file[named] == 0 -> bind_name(named) };
            if
            :: atomic { port_sock == NONE -> admit(); put_first(named, false) }; goto bound
            :: atomic { port_sock != NONE -> skip }
            :: atomic { me < SERVERS && fails < most_fails -> fails++; goto failed }
            OR_KILLED
            fi
        :: atomic { file[named] != 0 -> skip }; if :: named == K -> trying[me] = 0; goto over :: else fi
        :: atomic { me < SERVERS && fails < most_fails -> fails++; goto failed }
        OR_KILLED
        fi
    fi;
    ok = true;
    if :: SHARE_WITHOUT_LOCK && shares_star[me] :: else -> take() fi;
    if :: !ok -> goto failed :: else fi;
again:
    read_port();
    if
    :: first == FOREIGN -> /* bind_beside_foreign */
        if
        :: atomic { port_sock == FOREIGN && holders[plain - 1] > 0 && !CLIENTS_FILE_IS_TAKEN -> goto refused }
        :: atomic { port_sock != FOREIGN -> goto again }
        :: atomic { port_sock == FOREIGN && (holders[plain - 1] == 0 || CLIENTS_FILE_IS_TAKEN) -> skip }
        OR_KILLED
        fi;
        bind_own();
        TRY(if :: port_sock == FOREIGN ->
                if :: (shares_star[me] || shares_plus[me]) && !NO_RECORD_BESIDE_CLIENT :: else -> admit() fi; put_first(named, false)
            :: else fi);
        if
        :: !ok -> goto failed
        :: ok && (shares_star[me] || shares_plus[me]) && !NO_RECORD_BESIDE_CLIENT -> goto again
        :: ok && port_sock == named && !((shares_star[me] || shares_plus[me]) && !NO_RECORD_BESIDE_CLIENT) -> STEP(unlock()); goto bound
        :: else -> goto again
        fi
    :: else
    fi;
    if :: holds && (known & bit(named)) -> gone = gone | bit(named) :: else fi;
    shares = false;
    be_first = (first == NONE);
    others = known;
    do
    :: atomic { c_expr { ASKED != 31 } ->
        at = c_expr { ASKED };
        others = others & ~bit(at);
        if :: gone & bit(at) :: else -> ask(at) fi;
        if
        :: alive & bit(at) ->
            if
            :: c_expr { EXCLUDES } -> goto refused
            :: else -> shares = shares || c_expr { OVERLAPS }
            fi
        :: else -> be_first = be_first || at == first
        fi;
        at = 0 }
    :: atomic { c_expr { ASKED == 31 } ->
        shares = shares || (c_expr { HAS_NUMBERED != 0 } && (shares_star[me] || shares_plus[me]));
        others = 0; break }
    OR_KILLED
    od;
    if :: shares && !holds && number(named) == 0 -> named++ :: else fi;
    bind_own();
    /* join_port: an older one of this name is over. */
    atomic { gone = gone | (known & bit(named)); dead = dead & ~gone };
    if :: shares -> give_numbers() :: else fi;
    atomic {
        others = living;
        at = (first < ENTRIES && (living & bit(first)) -> 1 : 0);
        its_star = (shares_star[me] -> its_star | bit(named) : its_star & ~bit(named));
        its_plus = (shares_plus[me] -> its_plus | bit(named) : its_plus & ~bit(named));
        its_mark = its_mark & ~bit(named);
        wrote = others != 0 || shares_star[me] || shares_plus[me]
    };
    if
    :: FIRST_BEFORE_RECORD && wrote && !be_first && !dotted -> STEP(put_first(first, true))
    :: else
    fi;
    if
    :: wrote ->
        TRY(if :: dotted && !be_first && (port_sock == first || (recorded && several)) -> if :: admitted[me] :: else -> admit() fi :: else fi; put_record(others | bit(named)));
        if :: !ok -> wrote = false; goto way_back :: else fi
    :: else
    fi;
    at = 0;
    if
    :: be_first && first == NONE ->
        if
        :: atomic { port_sock == NONE -> admit(); put_first(named, wrote) }
        :: atomic { port_sock != NONE -> goto again }
        :: atomic { me < SERVERS && fails < most_fails -> fails++; goto way_back }
        OR_KILLED
        fi
    :: be_first && first != NONE -> TRY(if :: admitted[me] :: else -> admit() fi; put_first(named, wrote)); if :: !ok -> goto way_back :: else fi
    :: !be_first && (moved || !dotted) -> TRY(if :: admitted[me] :: else -> admit() fi; put_first(first, true)); if :: !ok -> goto way_back :: else fi
    :: else
    fi;
    if :: dotted && !wrote -> STEP(unlink_record()) :: else fi;
    if :: OLD_NAME_STAYS -> dead = dead & ~moved_from :: else fi;
    unlink_dead(named);
    STEP(unlock());
    given = 0; moved_from = 0; moved = false; shares = false; be_first = false; wrote = false;
bound:
    STEP(there[me] = true; c_code { note_answers(); });
    if
    :: me != LAST && does[me] == 'x' ->
        STEP(connected[me] = true; c_code { note_answers(); });
        note_connected()
    :: else
    fi;
    if
    :: goto closing
    :: true
    OR_KILLED
    fi;
    rests[me] = true;
end_bound:
    if OR_KILLED fi;
way_back: /* unsock_port_unnumber: what others had is as before */
    if
    :: wrote && !NO_WAY_BACK ->
        atomic { known = (known & ~given) | moved_from; dead = dead & ~moved_from; gone = gone & ~moved_from; gone = gone | (known & bit(named)); admitted[me] = false };
        TRY(put_record(living & ~bit(named)))
    :: else
    fi;
    at = 0;
    do
    :: at < ENTRIES && !(given & bit(at)) -> at++
    :: at < ENTRIES && (given & bit(at)) -> STEP(unlink(at)); at++
    :: at >= ENTRIES -> at = 0; break
    od;
failed: /* give_name_up: that needs no lock, as nobody else takes a living one's */
    if :: holds -> STEP(admitted[me] = false; trying[me] = 0; holders[me] = 0; holds = false; if :: file[named] == me + 1 -> unlink(named) :: else fi) :: else -> trying[me] = 0 fi;
    STEP(unlock());
    goto over;
refused:
    atomic { assert(trying[me] == 2 || fails > 0); trying[me] = 0 };
    if :: holds -> STEP(holders[me] = 0; holds = false; unlink(named)) :: else fi;
    STEP(unlock());
    goto over;
closing: /* close_locked (release.c); it knows its name as it was when it was bound */
    if :: CLOSE_WITHOUT_LOCK -> STEP(close_socket(); check()) :: else fi;
    take();
    if
    :: !ok && !CLOSE_WITHOUT_LOCK ->
        STEP(close_socket(); check());
        if
        :: UNLOCKED_REMOVES -> if :: file[named] == 0 -> goto over :: else -> STEP(file[named] = 0; if :: port_sock == named -> unlink_first() :: else fi); goto over fi
        :: else -> look_again(named)
        fi
    :: else
    fi;
    if
    :: is_plain ->
        STEP(close_socket());
        if
        :: atomic { port_sock == FOREIGN && plain == me + 1 && holders[me] == 0 -> unlink_first() }
        :: atomic { !(port_sock == FOREIGN && plain == me + 1 && holders[me] == 0) -> skip }
        OR_KILLED
        fi;
        STEP(unlock());
        goto over
    :: else
    fi;
    read_port();
    if /* unsock_port_hand_on */
    :: dotted && first == named && !HEIR_AFTER_CLOSE ->
        find_heir(named);
        if :: heir < ENTRIES -> TRY(put_first(heir, true); first = heir) :: else fi
    :: else
    fi;
    if :: CLOSE_WITHOUT_LOCK :: else -> STEP(lost = (file[named] == 0); close_socket(); check()) fi;
    if
    :: atomic { lives(named) -> skip }
    :: atomic { !lives(named) -> own = (file[named] != 0 -> 1 : 0) }; settle_end(named)
    OR_KILLED
    fi;
    STEP(unlock());
    goto over;
child:
    if
    :: atomic { there[0] && holders[0] == 1 && !(port_sock == FOREIGN) -> holders[0] = 2; socket = 0; holds = true; named = where[0];
        do :: named < ENTRIES && file[named] == 1 -> break :: named < where[0] + NUMBERS && file[named] != 1 -> named++ :: else -> named = where[0]; break od }
    :: atomic { rests[0] -> goto over }
    fi;
    STEP(close_socket(); check());
    if
    :: atomic { lives(named) -> goto over }
    :: atomic { !lives(named) -> skip }
    OR_KILLED
    fi;
    take();
    if :: ok -> leave_by_name(named) :: else fi;
    STEP(unlock());
    goto over;
mending:
    take();
    if
    :: !ok
    :: ok && does[me] == 's' -> sweep()
    :: ok && does[me] == 'p' -> /* prune_port: the record of none, PORT.dgram.sock, or a file that is left over */
        if
        :: atomic { port_sock == NONE || !several -> unlink_record() }
        :: atomic { true -> skip }
        :: atomic { port_sock < ENTRIES && !lives(port_sock) -> at = port_sock }; sweeps = at; leave_by_name(sweeps)
        :: atomic { port_sock == FOREIGN && holders[plain - 1] == 0 -> unlink_first() }
        :: atomic { is_dead(0) -> sweeps = 0 }; leave_by_name(sweeps)
        :: atomic { is_dead(1) -> sweeps = 1 }; leave_by_name(sweeps)
        :: atomic { is_dead(2) -> sweeps = 2 }; leave_by_name(sweeps)
        :: atomic { is_dead(W) -> sweeps = W }; leave_by_name(sweeps)
        OR_KILLED
        fi
    fi;
    STEP(unlock());
over:
    rests[me] = true;
ended:
    skip
}
