{%- for note in i.origin -%}
// {{ note }}
{% endfor -%}
//
// C simulation: one vector a line, the codes, then {% if i.classes > 0 %}the class and the scores{% else %}the bits{% endif %}. Exit status 0 when all agree.
#include "{{ i.name }}.hpp"

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

static {{ i.name }}_code_t features[{{ i.upper }}_FEATURES];
{%- if i.classes > 0 %}
static {{ i.name }}_score_t scores[{{ i.upper }}_CLASSES];
static const unsigned OUTPUTS = 1 + {{ i.upper }}_CLASSES;
{%- else %}
static bool bits[{{ i.upper }}_BITS];
static const unsigned OUTPUTS = {{ i.upper }}_BITS;
{%- endif %}
static unsigned long expected[OUTPUTS];
static unsigned long found[OUTPUTS];

static void print(const unsigned long *outputs)
{
{%- if i.classes > 0 %}
    std::printf(" class %lu scores", outputs[0]);
    for (unsigned k = 1; k < OUTPUTS; k++) std::printf(" %lu", outputs[k]);
{%- else %}
    std::printf(" bits ");
    for (unsigned k = OUTPUTS; k > 0; k--) std::printf("%lu", outputs[k - 1]);
{%- endif %}
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "{{ i.name }}_vectors.txt";
    std::ifstream file(path);
    if (!file) {
        std::printf("FAIL cannot read %s\n", path);
        return 1;
    }
    unsigned long vectors = 0, failures = 0;
    for (std::string line; std::getline(file, line); vectors++) {
        std::istringstream fields(line);
        for (unsigned f = 0; f < {{ i.upper }}_FEATURES; f++) {
            long long code = 0;
            fields >> code;
            features[f] = static_cast<{{ i.name }}_code_t>(code);
        }
        for (unsigned k = 0; k < OUTPUTS; k++) fields >> expected[k];
        const bool complete = !fields.fail();
{%- if i.classes > 0 %}
        {{ i.name }}_class_t class_index = 0;
        {{ i.name }}(features, &class_index, scores);
        found[0] = static_cast<unsigned long>(class_index);
        for (unsigned k = 1; k < OUTPUTS; k++) found[k] = static_cast<unsigned long>(scores[k - 1]);
{%- else %}
        {{ i.name }}(features, bits);
        for (unsigned k = 0; k < OUTPUTS; k++) found[k] = bits[k] ? 1 : 0;
{%- endif %}
        bool equal = complete;
        for (unsigned k = 0; k < OUTPUTS; k++) equal = equal && found[k] == expected[k];
        if (!equal && failures++ == 0) {
            std::printf("FAIL vector %lu: expected", vectors);
            print(expected);
            std::printf(", got");
            print(found);
            std::printf("%s\n", complete ? "" : " (the line is incomplete)");
        }
    }
    if (failures == 0 && vectors > 0) std::printf("PASS %lu vectors\n", vectors);
    else std::printf("FAIL %lu of %lu vectors differ\n", failures, vectors);
    return failures == 0 && vectors > 0 ? 0 : 1;
}
