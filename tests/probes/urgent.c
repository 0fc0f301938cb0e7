/* Urgent data: reads around an urgent byte, the events of poll and epoll, and where reading stops, with and without
 * SO_OOBINLINE. */
#include "urgent.h"

#include <sys/select.h>
#include <sys/time.h>

static bool waits = true; /* poll and epoll are intercepted */

static int polled(short events) {
    return ready(receiver, events, 0);
}

static int heap_polled(short events) {
    static struct pollfd *set;
    if (!set)
        set = malloc(sizeof *set);
    struct timespec now = {0, 0};
    *set = (struct pollfd){.fd = receiver, .events = events};
    CHECK(ppoll(set, 1, &now, NULL));
    if (set->events != events)
        die("poll changed what it was asked");
    return set->revents;
}

static int watched(unsigned events) {
    int set = new_set(events);
    int first = event_of(set, 0), second = event_of(set, 0);
    close(set);
    return first << 16 | second;
}

static void look(void) {
    static const short asked[] = {POLLIN | POLLPRI, POLLIN, POLLPRI, POLLRDNORM, POLLIN | POLLRDHUP, POLLOUT | POLLIN};
    char name[64];
    int mark = -1;
    CHECK(ioctl(receiver, SIOCATMARK, &mark));
    tell_number("at the mark", mark);
    if (!waits)
        return;
    for (unsigned i = 0; i < sizeof asked / sizeof *asked; i++) {
        snprintf(name, sizeof name, "poll for %#x", (unsigned)asked[i]);
        tell_number(name, polled(asked[i]));
        snprintf(name, sizeof name, "ppoll from the heap for %#x", (unsigned)asked[i]);
        tell_number(name, heap_polled(asked[i]));
        snprintf(name, sizeof name, "epoll for %#x", (unsigned)asked[i]);
        tell_number(name, watched((unsigned)asked[i]));
        tell_number(name, watched((unsigned)asked[i] | EPOLLET));
        tell_number(name, watched((unsigned)asked[i] | EPOLLONESHOT));
    }
}

static void look_by_select(void) {
    fd_set in, urgent;
    struct timeval now = {0, 0};
    FD_ZERO(&in);
    FD_ZERO(&urgent);
    FD_SET(receiver, &in);
    FD_SET(receiver, &urgent);
    CHECK(select(receiver + 1, &in, NULL, &urgent, &now));
    tell("select", FD_ISSET(receiver, &urgent) ? "urgent" : "nothing urgent");
    tell("select", FD_ISSET(receiver, &in) ? "can be read" : "cannot be read");
}

static void alone(bool inlined) {
    begin("alone", inlined);
    put("!", MSG_OOB);
    look();
    look_by_select();
    get(8, MSG_PEEK);
    get(1, MSG_OOB | MSG_PEEK);
    get(1, MSG_OOB);
    look();
    get(8, 0);
    put("abc", 0);
    look();
    get(8, 0);
    end();
    begin("alone, read past", inlined);
    put("!", MSG_OOB);
    get(8, 0);
    look();
    get(1, MSG_OOB);
    put("abc", 0);
    get(8, 0);
    end();
}

static void in_the_stream(bool inlined) {
    begin("behind others", inlined);
    put("ab!", MSG_OOB);
    look();
    get(1, 0);
    get(8, 0);
    look();
    get(1, MSG_OOB);
    get(8, 0);
    end();
    begin("before others", inlined);
    put("!", MSG_OOB);
    put("cd", 0);
    look();
    get(8, 0);
    look();
    end();
    begin("among others", inlined);
    put("ab!", MSG_OOB);
    put("cd", 0);
    look();
    get(8, MSG_PEEK);
    get(8, 0);
    look();
    get(8, 0);
    get(1, MSG_OOB);
    end();
    begin("among others, taken first", inlined);
    put("ab!", MSG_OOB);
    put("cd", 0);
    get(1, MSG_OOB);
    look();
    get(8, 0);
    look();
    get(8, 0);
    look();
    end();
}

static void superseded(bool inlined) {
    begin("superseded among others", inlined);
    put("a1", MSG_OOB);
    put("b2", MSG_OOB);
    put("c", 0);
    get(8, 0);
    look();
    get(8, 0);
    get(8, 0);
    end();
    begin("superseded when it was taken", inlined);
    put("1", MSG_OOB);
    get(1, MSG_OOB);
    put("2", MSG_OOB);
    look();
    get(1, MSG_OOB);
    get(8, 0);
    end();
    begin("superseded first in line", inlined);
    put("1", MSG_OOB);
    put("2", MSG_OOB);
    get(8, 0);
    end();
}

static void closed(bool inlined) {
    begin("closed behind it", inlined);
    put("!", MSG_OOB);
    CHECK(shutdown(sender, SHUT_WR));
    ready(receiver, POLLRDHUP, 5000);
    look();
    get(8, 0);
    get(8, 0);
    end();
    begin("nothing", inlined);
    get(1, MSG_OOB);
    if (waits)
        tell("sent", send(sender, "", 0, MSG_OOB) == 0 ? "nothing" : errno_name(errno));
    look();
    end();
}

int main(int count, char **words) {
    probe_start();
    waits = !(count > 1 && strcmp(words[1], "streams") == 0);
    for (int inlined = 0; inlined < 2; inlined++) {
        alone(inlined);
        in_the_stream(inlined);
        superseded(inlined);
        closed(inlined);
    }
    return 0;
}
