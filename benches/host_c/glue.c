#include <stdlib.h>
#include "libgates.h"
#include "libgates_words.h"

static gates_word *workspace;

size_t prepare(const uint8_t *features)
{
    uint8_t classes[4096];
    char *memory = malloc(gates_workspace() + 64);
    workspace = (gates_word *)(memory + 64 - (uintptr_t)memory % 64);
    gates_run(features, gates_lanes(), classes, NULL, workspace);
    return gates_lanes();
}

void kernel(void)
{
CALLS}

void classify(const uint8_t *features, size_t samples, uint8_t *classes)
{
    gates_run(features, samples, classes, NULL, workspace);
}
