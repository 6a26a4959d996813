#ifndef FLOWCORE_CNATS_SHIM_H
#define FLOWCORE_CNATS_SHIM_H

// The library, and what the thread that reads and writes its socket waits by.

#include <nats/nats.h>
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>

static inline int flow_nats_event_descriptor(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

#endif
