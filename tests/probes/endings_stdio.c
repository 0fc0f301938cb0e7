/* Writing by libc's own streams, and by dprintf, after the peer's end. */
#include "endings.h"

#define LONG_MOST 9000

enum way { FLUSHED, UNBUFFERED, BY_LINES, LARGE, PRINTED, AT_CLOSE, WAYS };

static const char *const way_names[WAYS] = {"fprintf and fflush", "fputs, unbuffered", "fprintf, by lines",
                                            "fwrite of much",     "dprintf",           "fprintf and fclose"};

static void tell(const char *story, const char *what, bool good) {
    char name[160];
    snprintf(name, sizeof name, "%s: %s", story, what);
    fact(name, "%s, %d signals", good ? "good" : errno_name(errno), (int)pipes);
    pipes = 0;
}

static bool put(FILE *stream, enum way way) {
    static char much[LONG_MOST];
    switch (way) {
    case UNBUFFERED:
        return fputs("hello", stream) != EOF;
    case BY_LINES:
        return fprintf(stream, "hello\n") >= 0;
    case LARGE:
        return fwrite(much, 1, sizeof much, stream) == sizeof much;
    case PRINTED:
        return dprintf(fileno(stream), "%s%c", "hell", 'o') == 5;
    default:
        return fprintf(stream, "hello") >= 0 && fflush(stream) == 0;
    }
}

static void by_stream(enum end end, enum way way, bool accepted) {
    char story[100];
    struct pair pair = make_pair(accepted);
    FILE *stream = fdopen(CHECK(dup(pair.fd)), "w");
    if (stream == NULL)
        die("fdopen");
    setvbuf(stream, NULL, way == UNBUFFERED ? _IONBF : way == BY_LINES ? _IOLBF : _IOFBF, BUFSIZ);
    snprintf(story, sizeof story, "%s, %s%s", end_names[end], way_names[way], accepted ? ", accepted" : "");
    peer_ends(&pair, end);
    if (way == AT_CLOSE) {
        fprintf(stream, "hello");
        tell(story, "closed", fclose(stream) == 0);
    } else {
        bool lost = put(stream, way);
        tell(story, "first", lost);
        /* Over TCP the answer to what was written comes a moment later. */
        if (lost && end == CLOSED)
            ready(pair.fd, 0, 2000);
        tell(story, "second", put(stream, way));
        fclose(stream);
    }
    drop_pair(&pair);
    pipes = 0;
}

int main(void) {
    probe_start();
    count_pipes();
    for (int way = 0; way < WAYS; way++) {
        by_stream(CLOSED, (enum way)way, false);
        by_stream(CLOSED, (enum way)way, true);
        by_stream(SHUT_WRITE, (enum way)way, false);
    }
    return 0;
}
