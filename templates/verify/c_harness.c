/* Reads one vector of decimal codes a line and prints the outputs of {{ header }}, one line a
 * vector. Made by difflut for one check. */
#include <stdio.h>

#include "{{ header }}"

int main(void)
{
    static {{ name }}_feature_t features[{{ upper }}_FEATURES];
    unsigned long vectors = 0;
    long i = 0;
    long long code;
    while (scanf("%lld", &code) == 1) {
        features[i++] = ({{ name }}_feature_t)code;
        if (i < {{ upper }}_FEATURES) {
            continue;
        }
        i = 0;
        vectors++;
        {
{%- if classes %}
            {{ score }} scores[{{ upper }}_CLASSES];
            long c;
            printf("%lu", (unsigned long){{ name }}_predict(features));
            {{ name }}_scores(features, scores);
            for (c = 0; c < {{ upper }}_CLASSES; c++) {
                printf(" %lu", (unsigned long)scores[c]);
            }
            printf("\n");
{%- else %}
            static uint8_t bits[{{ upper }}_BITS];
            long b;
            {{ name }}_bits(features, bits);
            for (b = 0; b < {{ upper }}_BITS; b++) {
                printf("%u ", (unsigned)bits[b]);
            }
            printf("\n");
{%- endif %}
        }
    }
    printf("done %lu\n", vectors);
    return 0;
}
