#ifndef FLOWCORE_CANSWERS_H
#define FLOWCORE_CANSWERS_H

// The way of every answer into libmicrohttpd.
//
// What the library cannot read (a header beyond its memory, a length or a chunk that is no number, a line that is no
// header) it refuses by itself, with a body of HTML, and offers no option to change that. It queues this answer through
// its public function MHD_queue_response, which it calls, as shared libraries do, by way of the dynamic linker: the
// definition in the program is found first. So ours sees the library's own answers, and nothing but them, since those of
// the program take flow_queue_response. A library that is built to call itself directly keeps its HTML.

#include <stdbool.h>

struct MHD_Connection;
struct MHD_Response;

// Is told of a connection that the library is about to refuse, and with which status. Returns what is queued in place of
// the library's answer, of which it gives up its reference, or NULL.
typedef struct MHD_Response *(*flow_refusal_handler)(struct MHD_Connection *connection, unsigned int status);

// Sets who is told, for all daemons of the process.
void flow_set_refusal_handler(flow_refusal_handler handler);

// Whether the library's function has been found.
bool flow_can_queue(void);

// Queues an answer of the program's: what MHD_queue_response does.
bool flow_queue_response(struct MHD_Connection *connection, unsigned int status, struct MHD_Response *response);

#endif
