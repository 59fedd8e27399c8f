/* Reads one vector of decimal codes a line and prints the outputs of {{ header }}, one line a
 * vector. Made by difflut for one check. */
#include <stdio.h>

#include "{{ header }}"

#define VECTORS {{ vectors }}

int main(void)
{
    static {{ name }}_feature_t features[VECTORS * {{ upper }}_FEATURES];
    unsigned long vector;
    unsigned long i;
    for (i = 0; i < (unsigned long)VECTORS * {{ upper }}_FEATURES; i++) {
        long long code;
        if (scanf("%lld", &code) != 1) {
            printf("a code is missing\n");
            return 1;
        }
        features[i] = ({{ name }}_feature_t)code;
    }
{%- if batch %}
    {
        /* All vectors, and once more all but the last, which is no multiple of any word. */
        static {{ name }}_word_t workspace[{{ upper }}_WORKSPACE];
{%- if classes %}
        static {{ score }} scores[VECTORS * {{ upper }}_CLASSES];
        static {{ class }} classes[VECTORS];
        unsigned long count;
        for (count = VECTORS; count + 2 > VECTORS && count > 0; count--) {
            {{ name }}_scores_batch_r(features, (uint32_t)count, scores, workspace);
            {{ name }}_predict_batch_r(features, (uint32_t)count, classes, workspace);
            for (vector = 0; vector < count; vector++) {
                {{ score }} alone[{{ upper }}_CLASSES];
                {{ name }}_scores(&features[vector * {{ upper }}_FEATURES], alone);
                for (i = 0; i < {{ upper }}_CLASSES; i++) {
                    if (alone[i] != scores[vector * {{ upper }}_CLASSES + i] || {{ name }}_predict(&features[vector * {{ upper }}_FEATURES]) != classes[vector]) {
                        printf("vector %lu alone differs from vector %lu of %lu\n", vector, vector, count);
                        return 1;
                    }
                }
            }
        }
{%- else %}
        static uint8_t bits[VECTORS * {{ upper }}_BITS];
        unsigned long count;
        for (count = VECTORS; count + 2 > VECTORS && count > 0; count--) {
            {{ name }}_bits_batch_r(features, (uint32_t)count, bits, workspace);
            for (vector = 0; vector < count; vector++) {
                uint8_t alone[{{ upper }}_BITS];
                {{ name }}_bits(&features[vector * {{ upper }}_FEATURES], alone);
                for (i = 0; i < {{ upper }}_BITS; i++) {
                    if (alone[i] != bits[vector * {{ upper }}_BITS + i]) {
                        printf("vector %lu alone differs from vector %lu of %lu\n", vector, vector, count);
                        return 1;
                    }
                }
            }
        }
{%- endif %}
    }
{%- endif %}
    for (vector = 0; vector < VECTORS; vector++) {
        const {{ name }}_feature_t *codes = &features[vector * {{ upper }}_FEATURES];
{%- if classes %}
        {{ score }} scores[{{ upper }}_CLASSES];
        printf("%lu", (unsigned long){{ name }}_predict(codes));
        {{ name }}_scores(codes, scores);
        for (i = 0; i < {{ upper }}_CLASSES; i++) {
            printf(" %lu", (unsigned long)scores[i]);
        }
{%- else %}
        uint8_t bits[{{ upper }}_BITS];
        {{ name }}_bits(codes, bits);
        for (i = 0; i < {{ upper }}_BITS; i++) {
            printf("%u ", (unsigned)bits[i]);
        }
{%- endif %}
        printf("\n");
    }
    printf("done %lu\n", vector);
    return 0;
}
