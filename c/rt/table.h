/*
 * Large tables of zeros, of which few processes touch much, lie behind all small variables: those are on few pages
 * then, and each page that a process touches at its start costs it a fault.
 */
#ifndef UNSOCK_TABLE_H
#define UNSOCK_TABLE_H

#define UNSOCK_TABLE __attribute__((section(".bss.tables")))

#endif
