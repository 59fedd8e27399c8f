#include "gates.h"
#include <stddef.h>

static const uint8_t *samples_of_kernel;
static uint8_t classes_of_kernel[64];
static gates_word_t workspace[GATES_WORKSPACE];

size_t prepare(const uint8_t *features)
{
    samples_of_kernel = features;
    return 64;
}

void kernel(void)
{
    gates_predict_batch_r(samples_of_kernel, 64, classes_of_kernel, workspace);
}

void classify(const uint8_t *features, size_t samples, uint8_t *classes)
{
    gates_predict_batch_r(features, (uint32_t)samples, classes, workspace);
}
