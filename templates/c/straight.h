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

/* Compilers must not join the parts again: their time grows faster than a function does. */
#if defined(__GNUC__)
#define {{ upper }}_PART static __attribute__((noinline, unused)) void
#else
#define {{ upper }}_PART static void
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The code of one feature, an element of the workspace: one bit per sample. */
typedef {{ code }} {{ name }}_feature_t;
typedef {{ word }} {{ word_name }};
{%- if !compared.values.is_empty() %}

/* Word i of the workspace starts as features[{{ name }}_compared[i]] >= {{ name }}_thresholds[i]. */
static const {{ compared.element }} {{ name }}_compared[{{ compared.values.len() }}] {{ upper }}_ROM = { {{- compared }}
};
static const {{ thresholds.element }} {{ name }}_thresholds[{{ thresholds.values.len() }}] {{ upper }}_ROM = { {{- thresholds }}
};
{%- endif %}
{%- if classes > 0 %}

/* The words that are the outputs, class by class, those that are complements last. */
{%- else %}

/* The words that are the outputs, times two; plus one where they are complements. */
{%- endif %}
static const {{ outputs.element }} {{ name }}_outputs[{{ outputs.values.len() }}] {{ upper }}_ROM = { {{- outputs }}
};
{%- if classes > 0 %}

/* Class c counts the outputs from {{ name }}_bounds[2 * c]; from {{ name }}_bounds[2 * c + 1] complements. */
static const {{ bounds.element }} {{ name }}_bounds[{{ bounds.values.len() }}] {{ upper }}_ROM = { {{- bounds }}
};
{%- endif %}
{%- for part in parts %}

{{ upper }}_PART {{ name }}_part_{{ part.number }}({{ word_name }} *w)
{
{{ part -}}
}
{%- endfor %}

{% if batch -%}
/* Codes of `samples` samples to the words of the outputs. */
static inline void {{ name }}_run(const {{ name }}_feature_t *features, unsigned samples, {{ word_name }} *w)
{
{%- if compared.values.is_empty() %}
    (void)features;
    (void)samples;
{%- else %}
    {{ index }} i;
    for (i = 0; i < {{ compared.values.len() }}u; i++) {
        const {{ name }}_feature_t *feature = &features[{{ upper }}_READ_{{ compared.element.bits }}(&{{ name }}_compared[i])];
        const {{ name }}_feature_t threshold = ({{ name }}_feature_t){{ upper }}_READ_{{ thresholds.element.bits }}(&{{ name }}_thresholds[i]);
        {{ word_name }} word = 0;
        unsigned sample = samples;
        /* From the last sample to the first, four at a time. */
        for (; sample >= 4; sample -= 4) {
            const {{ name }}_feature_t *four = &feature[(sample - 4) * {{ upper }}_FEATURES];
            word = ({{ word_name }})(word + word + (four[3 * {{ upper }}_FEATURES] >= threshold));
            word = ({{ word_name }})(word + word + (four[2 * {{ upper }}_FEATURES] >= threshold));
            word = ({{ word_name }})(word + word + (four[{{ upper }}_FEATURES] >= threshold));
            word = ({{ word_name }})(word + word + (four[0] >= threshold));
        }
        while (sample-- > 0) {
            word = ({{ word_name }})(word + word + (feature[sample * {{ upper }}_FEATURES] >= threshold));
        }
        w[i] = word;
    }
{%- endif %}
{%- else -%}
/* Codes to the words of the outputs. */
static inline void {{ name }}_run(const {{ name }}_feature_t *features, {{ word_name }} *w)
{
{%- if compared.values.is_empty() %}
    (void)features;
{%- else %}
    {{ index }} i;
    for (i = 0; i < {{ compared.values.len() }}u; i++) {
        const {{ name }}_feature_t code = features[{{ upper }}_READ_{{ compared.element.bits }}(&{{ name }}_compared[i])];
        w[i] = ({{ word_name }})(code >= ({{ name }}_feature_t){{ upper }}_READ_{{ thresholds.element.bits }}(&{{ name }}_thresholds[i]));
    }
{%- endif %}
{%- endif %}
{%- match zero %}
{%- when Some(slot) %}
    w[{{ slot }}] = 0;
{%- when None %}
{%- if parts.is_empty() && compared.values.is_empty() %}
    (void)w;
{%- endif %}
{%- endmatch %}
{%- for part in parts %}
    {{ name }}_part_{{ part.number }}(w);
{%- endfor %}
}
{%- if classes > 0 %}

/* The score of class c of the first sample. */
static inline {{ score }} {{ name }}_count(const {{ word_name }} *w, unsigned c)
{
    {{ index }} i = {{ upper }}_READ_{{ bounds.element.bits }}(&{{ name }}_bounds[2 * c]);
    const {{ index }} complements = {{ upper }}_READ_{{ bounds.element.bits }}(&{{ name }}_bounds[2 * c + 1]);
    const {{ index }} end = {{ upper }}_READ_{{ bounds.element.bits }}(&{{ name }}_bounds[2 * c + 2]);
    {{ score }} ones = ({{ score }})(end - complements);
    for (; i < complements; i++) {
        ones = ({{ score }})(ones + (w[{{ upper }}_READ_{{ outputs.element.bits }}(&{{ name }}_outputs[i])] & 1u));
    }
    for (; i < end; i++) {
        ones = ({{ score }})(ones - (w[{{ upper }}_READ_{{ outputs.element.bits }}(&{{ name }}_outputs[i])] & 1u));
    }
    return ones;
}

/* The score of every class, in a workspace of the caller. */
static inline void {{ name }}_scores_r(const {{ name }}_feature_t features[{{ upper }}_FEATURES], {{ score }} scores[{{ upper }}_CLASSES],
    {{ word_name }} workspace[{{ upper }}_WORKSPACE])
{
    unsigned c;
    {{ name }}_run(features, {% if batch %}1, {% endif %}workspace);
    for (c = 0; c < {{ upper }}_CLASSES; c++) {
        scores[c] = {{ name }}_count(workspace, c);
    }
}

/* The class of the largest score, in a workspace of the caller. */
static inline {{ class }} {{ name }}_predict_r(const {{ name }}_feature_t features[{{ upper }}_FEATURES], {{ word_name }} workspace[{{ upper }}_WORKSPACE])
{
    unsigned c;
    unsigned best = 0;
    {{ score }} largest = 0;
    {{ name }}_run(features, {% if batch %}1, {% endif %}workspace);
    for (c = 0; c < {{ upper }}_CLASSES; c++) {
        const {{ score }} score = {{ name }}_count(workspace, c);
        if (score > largest) {
            largest = score;
            best = c;
        }
    }
    return ({{ class }})best;
}
{%- else %}

/* Output i of a sample. */
static inline uint8_t {{ name }}_bit(const {{ word_name }} *w, {{ index }} i, unsigned sample)
{
    const {{ outputs.element }} output = {{ upper }}_READ_{{ outputs.element.bits }}(&{{ name }}_outputs[i]);
    return (uint8_t)((w[output >> 1] >> sample ^ output) & 1u);
}

/* The output bits, in a workspace of the caller. */
static inline void {{ name }}_bits_r(const {{ name }}_feature_t features[{{ upper }}_FEATURES], uint8_t bits[{{ upper }}_BITS],
    {{ word_name }} workspace[{{ upper }}_WORKSPACE])
{
    {{ index }} i;
    {{ name }}_run(features, {% if batch %}1, {% endif %}workspace);
    for (i = 0; i < {{ upper }}_BITS; i++) {
        bits[i] = {{ name }}_bit(workspace, i, 0);
    }
}
{%- endif %}
{%- if batch %}
{% include "c/batch.h" %}
{%- endif %}

static inline {{ word_name }} *{{ name }}_workspace(void)
{
    static {{ word_name }} workspace[{{ upper }}_WORKSPACE];
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
