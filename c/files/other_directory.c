/* Another directory of socket files than the one in force. */
#include "files/other_directory.h"

#include "rt/mem.h"
#include "rules/settings.h"

bool unsock_other_directory_begin(struct unsock_other_directory *visit, const char *directory, size_t length) {
    struct unsock_settings *settings = &unsock_settings;
    if (length < 2 || length > UNSOCK_DIR_MOST || directory[0] != '/')
        return false;
    memcpy(visit->directory, settings->directory, sizeof(visit->directory));
    visit->length = settings->directory_length;
    memcpy(settings->directory, directory, length);
    settings->directory[length] = '\0';
    settings->directory_length = length;
    return true;
}

void unsock_other_directory_end(const struct unsock_other_directory *visit) {
    memcpy(unsock_settings.directory, visit->directory, sizeof(visit->directory));
    unsock_settings.directory_length = visit->length;
}
