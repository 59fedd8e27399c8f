/* Reads vectors of decimal codes, gives them to lib{{ name }} in one batch and again in batches of
 * other sizes, and prints the outputs, one line a vector. Made by difflut for one check. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib{{ name }}.h"

{% if classes -%}
#define OUTPUTS {{ upper }}_CLASSES
typedef {{ name }}_score_t output;
{%- else -%}
#define OUTPUTS {{ upper }}_BITS
typedef uint8_t output;
{%- endif %}

int main(void)
{
    static const size_t sizes[] = {1, 63, 64, 65, 127, 513, 2};
    size_t vectors = 0, room = 1024, s, i, turn;
    {{ name }}_feature_t *features = malloc(room * {{ upper }}_FEATURES * sizeof *features);
    output *outputs, *again;
    long long code;
{%- if classes %}
    {{ name }}_class_t *classes, *classes_again;
{%- endif %}
    for (i = 0; features && scanf("%lld", &code) == 1; i++) {
        if (i == room * {{ upper }}_FEATURES) {
            room *= 2;
            features = realloc(features, room * {{ upper }}_FEATURES * sizeof *features);
        }
        if (features) {
            features[i] = ({{ name }}_feature_t)code;
        }
    }
    vectors = i / {{ upper }}_FEATURES;
    outputs = malloc((vectors + 1) * OUTPUTS * sizeof *outputs);
    again = malloc((vectors + 1) * OUTPUTS * sizeof *again);
    if (!features || !outputs || !again) {
        return 1;
    }
    /* Exactly what a batch may write is written, and nothing behind it. */
    memset(outputs, 0x5a, (vectors + 1) * OUTPUTS * sizeof *outputs);
{%- if classes %}
    classes = malloc((vectors + 1) * sizeof *classes);
    classes_again = malloc((vectors + 1) * sizeof *classes_again);
    if (!classes || !classes_again || {{ name }}_predict(features, vectors, classes) != 0
        || {{ name }}_scores(features, vectors, outputs) != 0) {
        return 1;
    }
{%- else %}
    if ({{ name }}_bits(features, vectors, outputs) != 0) {
        return 1;
    }
{%- endif %}
    for (i = 0; i < OUTPUTS * sizeof *outputs; i++) {
        if (((unsigned char *)(outputs + vectors * OUTPUTS))[i] != 0x5a) {
            printf("BEHIND the outputs of %lu samples something was written\n", (unsigned long)vectors);
            return 0;
        }
    }
    for (s = 0, turn = 0; s < vectors; turn++) {
        size_t count = sizes[turn % (sizeof sizes / sizeof sizes[0])];
        /* A place of its own, so that reading beyond the last sample is seen by sanitizers. */
        {{ name }}_feature_t *batch = malloc((count + 1) * {{ upper }}_FEATURES * sizeof *batch);
        char *workspace = malloc({{ name }}_workspace() + 3);
        count = count < vectors - s ? count : vectors - s;
        if (!batch || !workspace) {
            return 1;
        }
        batch = realloc(batch, count * {{ upper }}_FEATURES * sizeof *batch);
        memcpy(batch, features + s * {{ upper }}_FEATURES, count * {{ upper }}_FEATURES * sizeof *batch);
{%- if classes %}
        {{ name }}_run(batch, count, classes_again + s, again + s * OUTPUTS, workspace + turn % 4);
{%- else %}
        {{ name }}_run(batch, count, again + s * OUTPUTS, workspace + turn % 4);
{%- endif %}
        free(workspace);
        free(batch);
        s += count;
    }
    if (memcmp(outputs, again, vectors * OUTPUTS * sizeof *outputs) != 0
{%- if classes %}
        || memcmp(classes, classes_again, vectors * sizeof *classes) != 0
{%- endif %}) {
        printf("BATCHES of other sizes give other outputs\n");
        return 0;
    }
    for (s = 0; s < vectors; s++) {
{%- if classes %}
        printf("%lu ", (unsigned long)classes[s]);
{%- endif %}
        for (i = 0; i < OUTPUTS; i++) {
            printf("%lu ", (unsigned long)outputs[s * OUTPUTS + i]);
        }
        printf("\n");
    }
    printf("done %lu\n", (unsigned long)vectors);
    free(features);
    free(outputs);
    free(again);
{%- if classes %}
    free(classes);
    free(classes_again);
{%- endif %}
    return 0;
}
