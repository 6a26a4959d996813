#ifndef FLOWCORE_BRIDGE_H
#define FLOWCORE_BRIDGE_H

#include <spawn.h>
#include <stddef.h>

/// A module of the Python program that the binary carries: its name, its first byte and its size.
struct flow_module {
    const char *name;
    const unsigned char *bytes;
    size_t size;
};

/// How many modules there are.
size_t flow_module_count(void);
/// One of them; the first is what the interpreter is started with.
struct flow_module flow_module_at(size_t index);

/// Has a process that is started have nothing open from this descriptor on, which glibc shows to C alone.
int flow_close_from(posix_spawn_file_actions_t *actions, int descriptor);

#endif
