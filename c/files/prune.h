/* Removing what is left over in a directory of socket files, when somebody asks for it. */
#ifndef UNSOCK_PRUNE_H
#define UNSOCK_PRUNE_H

#include "unsock.h" /* unsock_prune */

#endif
