// Reads one vector of decimal codes a line and prints the outputs of the HLS function, one line
// a vector. Made by difflut for one check.
#include <cstdio>

#include "{{ header }}"

int main()
{
    static {{ name }}_code_t features[{{ upper }}_FEATURES];
    unsigned long vectors = 0;
    long i = 0;
    long long code;
    while (std::scanf("%lld", &code) == 1) {
        features[i++] = static_cast<{{ name }}_code_t>(code);
        if (i < {{ upper }}_FEATURES) continue;
        i = 0;
        vectors++;
{%- if classes %}
        {{ name }}_class_t class_index = 0;
        static {{ name }}_score_t scores[{{ upper }}_CLASSES];
        {{ name }}(features, &class_index, scores);
        std::printf("%lu", static_cast<unsigned long>(class_index));
        for (long c = 0; c < {{ upper }}_CLASSES; c++) std::printf(" %lu", static_cast<unsigned long>(scores[c]));
{%- else %}
        static bool bits[{{ upper }}_BITS];
        {{ name }}(features, bits);
        for (long b = 0; b < {{ upper }}_BITS; b++) std::printf("%d ", bits[b] ? 1 : 0);
{%- endif %}
        std::printf("\n");
    }
    std::printf("done %lu\n", vectors);
    return 0;
}
