/*
 * The directory's own name: /run/x, where the program was told /var/run/x and that leads through a link. All who are in
 * one mount namespace then have one name for it, and know each other's sockets by that.
 */
#ifndef UNSOCK_DIRECTORY_NAME_H
#define UNSOCK_DIRECTORY_NAME_H

#include "rules/settings.h"

/*
 * Puts its own name in the place of the one in the settings, if it has another and that fits. The directory is there.
 * Without /proc the name stays as it is.
 */
void unsock_directory_name_settle(struct unsock_settings *settings);

#endif
