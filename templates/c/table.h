/*
{%- for note in notes %}
 *{% if !note.is_empty() %} {{ note }}{% endif %}
{%- endfor %}
 */
#ifndef DIFFLUT_{{ upper }}_H
#define DIFFLUT_{{ upper }}_H

{% include "c/rom.h" %}

#define {{ upper }}_FEATURES {{ features }}
{%- if classes > 0 %}
#define {{ upper }}_CLASSES {{ classes }}
{%- else %}
#define {{ upper }}_BITS {{ bits }}
{%- endif %}
#define {{ upper }}_WORKSPACE {{ workspace }}

#ifdef __cplusplus
extern "C" {
#endif

/* The code of one feature, an element of the workspace. */
typedef {{ code }} {{ name }}_feature_t;
typedef uint8_t {{ name }}_word_t;
{%- if !compared.values.is_empty() %}

/* Byte i of the workspace starts as features[{{ name }}_compared[i]] >= {{ name }}_thresholds[i]. */
static const {{ compared.element }} {{ name }}_compared[{{ compared.values.len() }}] {{ upper }}_ROM = { {{- compared }}
};
static const {{ thresholds.element }} {{ name }}_thresholds[{{ thresholds.values.len() }}] {{ upper }}_ROM = { {{- thresholds }}
};
{%- endif %}
{%- if !pins.values.is_empty() %}

/* The bytes that each table reads, input 0 first. */
static const {{ pins.element }} {{ name }}_pins[{{ pins.values.len() }}] {{ upper }}_ROM = { {{- pins }}
};
{%- endif %}
{%- if !tables.values.is_empty() %}

/* The tables; row r is bit r % 8 of byte r / 8, input i is bit i of r. */
static const {{ tables.element }} {{ name }}_tables[{{ tables.values.len() }}] {{ upper }}_ROM = { {{- tables }}
};
{%- endif %}

/* The bytes of the workspace that are the outputs. */
static const {{ outputs.element }} {{ name }}_outputs[{{ outputs.values.len() }}] {{ upper }}_ROM = { {{- outputs }}
};
{%- if classes > 0 %}

/* Class c counts the outputs from {{ name }}_groups[c] up to {{ name }}_groups[c + 1]. */
static const {{ groups.element }} {{ name }}_groups[{{ groups.values.len() }}] {{ upper }}_ROM = { {{- groups }}
};
{%- endif %}
{%- for fan_in in fan_ins %}
{%- if fan_in.inputs == 0 %}

/* Constants. */
static inline void {{ name }}_luts_0(const uint8_t *table, uint32_t count, uint8_t *out)
{
    uint32_t i;
    for (i = 0; i < count; i++) {
        out[i] = (uint8_t){{ upper }}_READ_8(&table[i]);
    }
}
{%- else %}

/* Tables of {{ fan_in.inputs }} input{% if fan_in.inputs > 1 %}s{% endif %}. */
static inline void {{ name }}_luts_{{ fan_in.inputs }}(const uint8_t *workspace, const {{ pins.element }} *pin, const uint8_t *table,
    uint32_t count, uint8_t *out)
{
    uint32_t i;
    for (i = 0; i < count; i++) {
        unsigned row = (unsigned)workspace[{{ upper }}_READ_{{ pins.element.bits }}(&pin[0])];
{%- for input in 1..fan_in.inputs %}
        row |= (unsigned)workspace[{{ upper }}_READ_{{ pins.element.bits }}(&pin[{{ input }}])] << {{ input }};
{%- endfor %}
{%- if fan_in.bytes > 1 %}
        out[i] = (uint8_t)({{ upper }}_READ_8(&table[row >> 3]) >> (row & 7u) & 1u);
{%- else %}
        out[i] = (uint8_t)({{ upper }}_READ_8(table) >> row & 1u);
{%- endif %}
        pin += {{ fan_in.inputs }};
        table += {{ fan_in.bytes }};
    }
}
{%- endif %}
{%- endfor %}

/* Codes to output bits. */
static inline void {{ name }}_run(const {{ name }}_feature_t *features, uint8_t *workspace)
{
{%- if compared.values.is_empty() %}
    (void)features;
{%- else %}
    uint32_t i;
    for (i = 0; i < {{ compared.values.len() }}u; i++) {
        const {{ name }}_feature_t code = features[{{ upper }}_READ_{{ compared.element.bits }}(&{{ name }}_compared[i])];
        workspace[i] = (uint8_t)(code >= ({{ name }}_feature_t){{ upper }}_READ_{{ thresholds.element.bits }}(&{{ name }}_thresholds[i]));
    }
{%- endif %}
{%- for run in runs %}
{%- if run.fan_in == 0 %}
    {{ name }}_luts_0(&{{ name }}_tables[{{ run.first_byte }}], {{ run.count }}u, &workspace[{{ run.slot }}]);
{%- else %}
    {{ name }}_luts_{{ run.fan_in }}(workspace, &{{ name }}_pins[{{ run.first_pin }}], &{{ name }}_tables[{{ run.first_byte }}], {{ run.count }}u, &workspace[{{ run.slot }}]);
{%- endif %}
{%- endfor %}
}
{%- if classes > 0 %}

static inline {{ score }} {{ name }}_count(const uint8_t *workspace, uint32_t class_index)
{
    const uint32_t end = {{ upper }}_READ_{{ groups.element.bits }}(&{{ name }}_groups[class_index + 1u]);
    uint32_t i = {{ upper }}_READ_{{ groups.element.bits }}(&{{ name }}_groups[class_index]);
    {{ score }} ones = 0;
    for (; i < end; i++) {
        ones = ({{ score }})(ones + workspace[{{ upper }}_READ_{{ outputs.element.bits }}(&{{ name }}_outputs[i])]);
    }
    return ones;
}

/* The score of every class, in a workspace of the caller. */
static inline void {{ name }}_scores_r(const {{ name }}_feature_t features[{{ upper }}_FEATURES], {{ score }} scores[{{ upper }}_CLASSES],
    uint8_t workspace[{{ upper }}_WORKSPACE])
{
    uint32_t c;
    {{ name }}_run(features, workspace);
    for (c = 0; c < {{ upper }}_CLASSES; c++) {
        scores[c] = {{ name }}_count(workspace, c);
    }
}

/* The class of the largest score, in a workspace of the caller. */
static inline {{ class }} {{ name }}_predict_r(const {{ name }}_feature_t features[{{ upper }}_FEATURES], uint8_t workspace[{{ upper }}_WORKSPACE])
{
    uint32_t c;
    uint32_t best = 0;
    {{ score }} largest;
    {{ name }}_run(features, workspace);
    largest = {{ name }}_count(workspace, 0);
    for (c = 1; c < {{ upper }}_CLASSES; c++) {
        const {{ score }} score = {{ name }}_count(workspace, c);
        if (score > largest) {
            largest = score;
            best = c;
        }
    }
    return ({{ class }})best;
}
{%- else %}

/* The output bits, in a workspace of the caller. */
static inline void {{ name }}_bits_r(const {{ name }}_feature_t features[{{ upper }}_FEATURES], uint8_t bits[{{ upper }}_BITS],
    uint8_t workspace[{{ upper }}_WORKSPACE])
{
    uint32_t i;
    {{ name }}_run(features, workspace);
    for (i = 0; i < {{ upper }}_BITS; i++) {
        bits[i] = workspace[{{ upper }}_READ_{{ outputs.element.bits }}(&{{ name }}_outputs[i])];
    }
}
{%- endif %}

static inline {{ name }}_word_t *{{ name }}_workspace(void)
{
    static {{ name }}_word_t workspace[{{ upper }}_WORKSPACE];
    return workspace;
}
{%- if classes > 0 %}

/* The score of every class. */
static inline void {{ name }}_scores(const {{ name }}_feature_t features[{{ upper }}_FEATURES], {{ score }} scores[{{ upper }}_CLASSES])
{
    {{ name }}_scores_r(features, scores, {{ name }}_workspace());
}

/* The class of the largest score, the lowest on ties. */
static inline {{ class }} {{ name }}_predict(const {{ name }}_feature_t features[{{ upper }}_FEATURES])
{
    return {{ name }}_predict_r(features, {{ name }}_workspace());
}
{%- else %}

/* The output bits, each 0 or 1. */
static inline void {{ name }}_bits(const {{ name }}_feature_t features[{{ upper }}_FEATURES], uint8_t bits[{{ upper }}_BITS])
{
    {{ name }}_bits_r(features, bits, {{ name }}_workspace());
}
{%- endif %}

#ifdef __cplusplus
}
#endif

#endif
