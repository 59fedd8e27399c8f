{%- for note in i.origin -%}
// {{ note }}
{% endfor -%}
//
{% for note in i.notes -%}
// {{ note }}
{% endfor -%}
#ifndef DIFFLUT_{{ i.upper }}_HPP
#define DIFFLUT_{{ i.upper }}_HPP

// Exact widths where the vendor's integers are there; plain integers elsewhere.
#if defined(__has_include) && !defined({{ i.upper }}_PLAIN_INTEGERS)
#if __has_include(<ap_int.h>)
#define {{ i.upper }}_AP_INT
#endif
#endif

#ifdef {{ i.upper }}_AP_INT
#include <ap_int.h>
typedef ap_{% if !i.signed %}u{% endif %}int<{{ i.code_bits }}> {{ i.name }}_code_t;
{%- if i.classes > 0 %}
typedef ap_uint<{{ i.class_bits }}> {{ i.name }}_class_t;
typedef ap_uint<{{ i.score_bits }}> {{ i.name }}_score_t;
{%- endif %}
#else
#include <cstdint>
typedef std::{% if !i.signed %}u{% endif %}int{{ i.plain(i.code_bits) }}_t {{ i.name }}_code_t;
{%- if i.classes > 0 %}
typedef std::uint{{ i.plain(i.class_bits) }}_t {{ i.name }}_class_t;
typedef std::uint{{ i.plain(i.score_bits) }}_t {{ i.name }}_score_t;
{%- endif %}
#endif

#define {{ i.upper }}_FEATURES {{ i.features }}
{%- if i.classes > 0 %}
#define {{ i.upper }}_CLASSES {{ i.classes }}

void {{ i.name }}(const {{ i.name }}_code_t features[{{ i.upper }}_FEATURES], {{ i.name }}_class_t *class_index,
    {{ i.name }}_score_t scores[{{ i.upper }}_CLASSES]);
{%- else %}
#define {{ i.upper }}_BITS {{ i.bits }}

void {{ i.name }}(const {{ i.name }}_code_t features[{{ i.upper }}_FEATURES], bool bits[{{ i.upper }}_BITS]);
{%- endif %}

#endif
