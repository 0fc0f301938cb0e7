/* A part of port_udp.pml: a client of 127.0.0.1, which sends to a name that it remembers, or by the names. */

#define ON_A 33489151 /* those of 127.0.0.1 and 0.0.0.0, and a client */

/* True if a newer one with SO_REUSEADDR alone than the one that was reached has been there all the time. */
c_code {
    static int is_passed_over(int reached) {
        for (int i = 0; i < 4; i++)
            if (now.throughout >> i & 1 && i != reached && now.shares_star[i] && now.shares_star[reached] &&
                now.stamp[i] > now.stamp[reached]) return 1;
        return 0;
    }
}
inline send(e) {
    if
    :: lives(e) && !connected[file[e] - 1] ->
        assert(where[file[e] - 1] == address(e) && address(e) != B); /* a name never leads to a wrong address */
        reached = file[e] - 1;
        if
        :: admitted[reached] -> assert(where[reached] == A || throughout == 0); assert(c_expr { NONE_IS_PASSED_OVER /* now. */ })
        :: else /* a bind that will be refused: the datagram is lost */
        fi;
        goto done
    :: lives(e) && connected[file[e] - 1] -> if :: CONNECTED_ENDS_IT -> goto refused :: else -> deaf = true fi
    :: else
    fi
}
inline go_through() {
    left = seen & ON_A;
    deaf = false;
    do
    :: atomic { left != 0 ->
        at = c_expr { CANDIDATE /* now. */ };
        left = left & ~bit(at);
        send(at);
        at = 0 }
    :: left == 0 -> break
    od
}
proctype client() {
    READ; byte sweeps, socket = LAST, me = LAST, reached; bool holds;
    byte seen_first; bool seen_dotted, twice, same, deaf; int seen, left;
    atomic { true -> throughout = 7; gap = false; c_code { note_answers(); } };
    if /* what worked the last time: unsock_port_known_path */
    :: atomic { true -> send(A) }
    :: atomic { true -> send(W) }
    :: true
    fi;
    read_port();
    do
    :: true ->
        if /* go_plain */
        :: first == FOREIGN ->
            if
            :: atomic { port_sock == FOREIGN && holders[plain - 1] > 0 -> assert(throughout == 0); goto done }
            :: atomic { port_sock != FOREIGN -> read_port() }
            :: atomic { port_sock == FOREIGN && holders[plain - 1] == 0 -> goto refused }
            fi
        :: else
        fi;
        seen_first = first; seen_dotted = dotted; seen = known;
        go_through();
        if :: seen_first == NONE || ((seen & ON_A) == 0 && !seen_dotted) || deaf -> goto refused :: else fi;
        read_port();
        same = (first == seen_first && dotted == seen_dotted && known == seen);
        if
        :: same && (!seen_dotted || twice) -> goto refused
        :: same && !(!seen_dotted || twice) -> take(); sweep(); STEP(unlock()); read_port()
        :: else
        fi;
        twice = true; same = false
    od;
refused:
    assert(gap);
done:
ended:
    skip
}
