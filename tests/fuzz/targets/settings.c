/* The environment: settings, and the control files that it describes. */
#include "../kernel.h"

#include "rules/control.h"
#include "rules/settings.h"
#include "unsock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct unsock_settings settings;
    char line[64];
    struct unsock_control_file record;
    struct unsock_text error;
    char *block = fuzz_exact(data, size);
    const char *environment[UNSOCK_ENVIRONMENT_OWN];
    if (!unsock_environment_of_block(block, size, environment)) {
        free(block);
        return 0;
    }
    error = unsock_text_in(line, sizeof line);
    bool good = unsock_settings_read(environment, &settings, &error);
    HOLDS(good != (error.length > 0) && memchr(line, '\0', sizeof line));
    HOLDS(!good || settings.directory[0] == '/');
    HOLDS(settings.directory_length <= UNSOCK_DIR_MOST && settings.directory[settings.directory_length] == '\0');
    HOLDS(settings.address_count <= UNSOCK_RANGES && settings.port_count <= UNSOCK_RANGES && settings.mode <= 0777);
    error = unsock_text_in(line, sizeof line);
    bool made = unsock_control_from_variables(environment, "/run/multiplexer", &record, &error);
    HOLDS(made != (error.length > 0) && (!made || unsock_control_check(&record, sizeof record)));
    HOLDS(memchr(line, '\0', sizeof line));
    free(block);
    return 0;
}
