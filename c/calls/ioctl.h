/* ioctl, as the doors call it. */
#ifndef UNSOCK_IOCTL_H
#define UNSOCK_IOCTL_H

/* ioctl(2). `argument` is a number or a pointer. Returns a value or -errno. */
long unsock_call_ioctl(int fd, unsigned long request, unsigned long argument);

#endif
