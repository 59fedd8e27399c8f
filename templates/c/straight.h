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
#define {{ upper }}_WORKSPACE {{ schedule.words }}

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
typedef {{ word }} {{ name }}_word_t;
{%- if !compared.values.is_empty() %}

/* Word i of the workspace starts as features[{{ name }}_compared[i]] >= {{ name }}_thresholds[i]. */
static const {{ compared.element }} {{ name }}_compared[{{ compared.values.len() }}] {{ upper }}_ROM = { {{- compared }}
};
static const {{ thresholds.element }} {{ name }}_thresholds[{{ thresholds.values.len() }}] {{ upper }}_ROM = { {{- thresholds }}
};
{%- endif %}
{%- for block in schedule.blocks %}

{{ upper }}_PART {{ name }}_part_{{ loop.index0 }}({{ name }}_word_t *w)
{
{%- for line in block.lines %}
    {{ self.line(line) }}
{%- endfor %}
}
{%- endfor %}

/* Codes of `samples` samples to output bits, from word {{ schedule.first_output }} of the workspace. */
static inline void {{ name }}_run(const {{ name }}_feature_t *features, uint32_t samples, {{ name }}_word_t *workspace)
{
{%- if compared.values.is_empty() %}
    (void)features;
    (void)samples;
{%- else %}
    uint32_t i;
    for (i = 0; i < {{ compared.values.len() }}u; i++) {
        const {{ name }}_feature_t *feature = &features[{{ upper }}_READ_{{ compared.element.bits }}(&{{ name }}_compared[i])];
        const {{ name }}_feature_t threshold = ({{ name }}_feature_t){{ upper }}_READ_{{ thresholds.element.bits }}(&{{ name }}_thresholds[i]);
        {{ name }}_word_t word = 0;
        uint32_t sample;
        for (sample = 0; sample < samples; sample++) {
            word = ({{ name }}_word_t)(word | ({{ name }}_word_t)(({{ name }}_word_t)(feature[sample * {{ upper }}_FEATURES] >= threshold) << sample));
        }
        workspace[i] = word;
    }
{%- endif %}
{%- for _ in schedule.blocks %}
    {{ name }}_part_{{ loop.index0 }}(workspace);
{%- endfor %}
}

/* `count` output bits of a sample from bit `first` as a number. */
static inline uint32_t {{ name }}_number(const {{ name }}_word_t *workspace, uint32_t first, uint32_t count, uint32_t sample)
{
    uint32_t number = 0;
    uint32_t i;
    for (i = 0; i < count; i++) {
        number |= (uint32_t)(workspace[{{ schedule.first_output }}u + first + i] >> sample & 1u) << i;
    }
    return number;
}
{%- if classes > 0 %}

/* The score of every class, in a workspace of the caller. */
static inline void {{ name }}_scores_r(const {{ name }}_feature_t features[{{ upper }}_FEATURES], {{ score }} scores[{{ upper }}_CLASSES],
    {{ name }}_word_t workspace[{{ upper }}_WORKSPACE])
{
    uint32_t c;
    {{ name }}_run(features, 1, workspace);
    for (c = 0; c < {{ upper }}_CLASSES; c++) {
        scores[c] = ({{ score }}){{ name }}_number(workspace, {{ class_bits }}u + c * {{ score_bits }}u, {{ score_bits }}, 0);
    }
}

/* The class of the largest score, in a workspace of the caller. */
static inline {{ class }} {{ name }}_predict_r(const {{ name }}_feature_t features[{{ upper }}_FEATURES], {{ name }}_word_t workspace[{{ upper }}_WORKSPACE])
{
    {{ name }}_run(features, 1, workspace);
    return ({{ class }}){{ name }}_number(workspace, 0, {{ class_bits }}, 0);
}
{%- else %}

/* The output bits, in a workspace of the caller. */
static inline void {{ name }}_bits_r(const {{ name }}_feature_t features[{{ upper }}_FEATURES], uint8_t bits[{{ upper }}_BITS],
    {{ name }}_word_t workspace[{{ upper }}_WORKSPACE])
{
    uint32_t i;
    {{ name }}_run(features, 1, workspace);
    for (i = 0; i < {{ upper }}_BITS; i++) {
        bits[i] = (uint8_t){{ name }}_number(workspace, i, 1, 0);
    }
}
{%- endif %}
{%- if batch %}
{%- if classes > 0 %}

/* The scores of `count` samples, sample after sample. */
static inline void {{ name }}_scores_batch_r(const {{ name }}_feature_t *features, uint32_t count, {{ score }} *scores,
    {{ name }}_word_t workspace[{{ upper }}_WORKSPACE])
{
    uint32_t start;
    for (start = 0; start < count; start += {{ word.bits }}u) {
        const uint32_t samples = count - start < {{ word.bits }}u ? count - start : {{ word.bits }}u;
        uint32_t sample;
        uint32_t c;
        {{ name }}_run(&features[start * {{ upper }}_FEATURES], samples, workspace);
        for (sample = 0; sample < samples; sample++) {
            for (c = 0; c < {{ upper }}_CLASSES; c++) {
                scores[(start + sample) * {{ upper }}_CLASSES + c] = ({{ score }}){{ name }}_number(workspace, {{ class_bits }}u + c * {{ score_bits }}u, {{ score_bits }}, sample);
            }
        }
    }
}

/* The classes of `count` samples. */
static inline void {{ name }}_predict_batch_r(const {{ name }}_feature_t *features, uint32_t count, {{ class }} *classes,
    {{ name }}_word_t workspace[{{ upper }}_WORKSPACE])
{
    uint32_t start;
    for (start = 0; start < count; start += {{ word.bits }}u) {
        const uint32_t samples = count - start < {{ word.bits }}u ? count - start : {{ word.bits }}u;
        uint32_t sample;
        {{ name }}_run(&features[start * {{ upper }}_FEATURES], samples, workspace);
        for (sample = 0; sample < samples; sample++) {
            classes[start + sample] = ({{ class }}){{ name }}_number(workspace, 0, {{ class_bits }}, sample);
        }
    }
}
{%- else %}

/* The output bits of `count` samples, one a byte, sample after sample. */
static inline void {{ name }}_bits_batch_r(const {{ name }}_feature_t *features, uint32_t count, uint8_t *bits,
    {{ name }}_word_t workspace[{{ upper }}_WORKSPACE])
{
    uint32_t start;
    for (start = 0; start < count; start += {{ word.bits }}u) {
        const uint32_t samples = count - start < {{ word.bits }}u ? count - start : {{ word.bits }}u;
        uint32_t sample;
        uint32_t i;
        {{ name }}_run(&features[start * {{ upper }}_FEATURES], samples, workspace);
        for (sample = 0; sample < samples; sample++) {
            for (i = 0; i < {{ upper }}_BITS; i++) {
                bits[(start + sample) * {{ upper }}_BITS + i] = (uint8_t){{ name }}_number(workspace, i, 1, sample);
            }
        }
    }
}
{%- endif %}
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
