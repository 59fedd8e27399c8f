/*
{%- for note in notes %}
 *{% if !note.is_empty() %} {{ note }}{% endif %}
{%- endfor %}
 */
#ifndef DIFFLUT_LIB{{ l.upper }}_H
#define DIFFLUT_LIB{{ l.upper }}_H

#include <stddef.h>
#include <stdint.h>

#define {{ l.upper }}_FEATURES {{ l.features }}
{%- if l.classes > 0 %}
#define {{ l.upper }}_CLASSES {{ l.classes }}
{%- else %}
#define {{ l.upper }}_BITS {{ l.bits }}
{%- endif %}

#ifdef __cplusplus
extern "C" {
#endif

/* The code of one feature. */
typedef {{ l.code }} {{ l.name }}_feature_t;
{%- if l.classes > 0 %}
/* The number of a class. */
typedef {{ l.class }} {{ l.name }}_class_t;
/* The score of a class. */
typedef {{ l.score }} {{ l.name }}_score_t;

/* classes[s] is the class of sample s, whose codes are features[s * {{ l.upper }}_FEATURES] and on.
 * Returns 0; or -1, and writes nothing, when there is no memory for the workspace. */
int {{ l.name }}_predict(const {{ l.name }}_feature_t *features, size_t samples, {{ l.name }}_class_t *classes);

/* scores[s * {{ l.upper }}_CLASSES + c] is the score of class c for sample s. Returns as above. */
int {{ l.name }}_scores(const {{ l.name }}_feature_t *features, size_t samples, {{ l.name }}_score_t *scores);

/* Both in one run, in a workspace of the caller; classes or scores may be null. */
void {{ l.name }}_run(const {{ l.name }}_feature_t *features, size_t samples, {{ l.name }}_class_t *classes,
    {{ l.name }}_score_t *scores, void *workspace);
{%- else %}

/* bits[s * {{ l.upper }}_BITS + b] is output bit b, 0 or 1, for sample s, whose codes are
 * features[s * {{ l.upper }}_FEATURES] and on. Returns 0; or -1, and writes nothing, when there is no
 * memory for the workspace. */
int {{ l.name }}_bits(const {{ l.name }}_feature_t *features, size_t samples, uint8_t *bits);

/* The same in a workspace of the caller. */
void {{ l.name }}_run(const {{ l.name }}_feature_t *features, size_t samples, uint8_t *bits, void *workspace);
{%- endif %}

/* Bytes of a workspace; it needs no alignment. Threads must not share one. */
size_t {{ l.name }}_workspace(void);

/* Samples that are computed together: a call takes as long for fewer. */
size_t {{ l.name }}_lanes(void);

#ifdef __cplusplus
}
#endif

#endif
