#define _GNU_SOURCE
#include "bridge.h"

static const unsigned char loader[] = {
#embed "../../python/flowcore_langchain/loader.py"
};
static const unsigned char package[] = {
#embed "../../python/flowcore_langchain/__init__.py"
};
static const unsigned char allow[] = {
#embed "../../python/flowcore_langchain/allow.py"
};
static const unsigned char build[] = {
#embed "../../python/flowcore_langchain/build.py"
};
static const unsigned char compose[] = {
#embed "../../python/flowcore_langchain/compose.py"
};
static const unsigned char noise[] = {
#embed "../../python/flowcore_langchain/noise.py"
};
static const unsigned char parts[] = {
#embed "../../python/flowcore_langchain/parts.py"
};
static const unsigned char signatures[] = {
#embed "../../python/flowcore_langchain/signatures.py"
};
static const unsigned char steps[] = {
#embed "../../python/flowcore_langchain/steps.py"
};
static const unsigned char threads[] = {
#embed "../../python/flowcore_langchain/threads.py"
};
static const unsigned char values[] = {
#embed "../../python/flowcore_langchain/values.py"
};
static const unsigned char watch[] = {
#embed "../../python/flowcore_langchain/watch.py"
};
static const unsigned char worker[] = {
#embed "../../python/flowcore_langchain/worker.py"
};

#define MODULE(name, bytes) {name, bytes, sizeof bytes}

static const struct flow_module modules[] = {
    MODULE("loader", loader),
    MODULE("flowcore_langchain", package),
    MODULE("flowcore_langchain.allow", allow),
    MODULE("flowcore_langchain.build", build),
    MODULE("flowcore_langchain.compose", compose),
    MODULE("flowcore_langchain.noise", noise),
    MODULE("flowcore_langchain.parts", parts),
    MODULE("flowcore_langchain.signatures", signatures),
    MODULE("flowcore_langchain.steps", steps),
    MODULE("flowcore_langchain.threads", threads),
    MODULE("flowcore_langchain.values", values),
    MODULE("flowcore_langchain.watch", watch),
    MODULE("flowcore_langchain.worker", worker),
};

size_t flow_module_count(void) { return sizeof modules / sizeof modules[0]; }
struct flow_module flow_module_at(size_t index) { return modules[index]; }

int flow_close_from(posix_spawn_file_actions_t *actions, int descriptor) {
    return posix_spawn_file_actions_addclosefrom_np(actions, descriptor);
}
