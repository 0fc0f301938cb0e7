/* Whoever reads a part of it must not take it for the whole. */
#include "program/output.h"

#include "process/errno_words.h"
#include "rt/net.h"
#include "rt/system_calls.h"

#define EXIT_UNREAD 1

long unsock_output(const char *bytes, size_t size) {
    for (size_t done = 0; done < size;) {
        long count = unsock_write(1, bytes + done, size - done);
        if (count < 0 && count != -EINTR)
            return count;
        done += count > 0 ? (size_t)count : 0;
    }
    return 0;
}

static void flush(struct unsock_printer *printer) {
    if (printer->result == 0)
        printer->result = unsock_output(printer->buffer, printer->used);
    printer->used = 0;
}

void unsock_printer_char(struct unsock_printer *printer, char c) {
    if (printer->used == sizeof(printer->buffer))
        flush(printer);
    printer->buffer[printer->used++] = c;
}

void unsock_printer_put(struct unsock_printer *printer, const char *text) {
    for (; *text != '\0'; text++)
        unsock_printer_char(printer, *text);
}

long unsock_printer_end(struct unsock_printer *printer) {
    flush(printer);
    return printer->result;
}

int unsock_output_status(long result, int status, int failed, struct unsock_text *error) {
    if (result == 0)
        return status;
    if (result == -EPIPE)
        return EXIT_UNREAD;
    unsock_text_join(error, "standard output: ", unsock_errno_words(-result));
    return failed;
}
