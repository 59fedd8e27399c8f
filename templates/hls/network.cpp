{%- for note in i.origin -%}
// {{ note }}
{% endfor -%}
#include "{{ i.name }}.hpp"

#include <cstdint>

#ifndef __SYNTHESIS__
#pragma GCC diagnostic ignored "-Wunknown-pragmas"
#endif

namespace {
{%- for size in core.fan_ins %}

// The row of a table that its input{% if *size > 1 %}s spell{% else %} spells{% endif %}, input 0 the least significant.
inline bool lut{{ size }}(std::uint64_t table{% for input in 0..*size %}, bool i{{ input }}{% endfor %})
{
#pragma HLS INLINE
    const unsigned row = {% for input in 0..*size %}{% if !loop.first %} | {% endif %}static_cast<unsigned>(i{{ input }}){% if !loop.first %} << {{ input }}{% endif %}{% endfor %};
    return (table >> row & 1u) != 0;
}
{%- endfor %}
{%- for function in core.functions %}

void {{ function }}({% if function.reads_features %}const {{ i.name }}_code_t features[{{ i.features }}], {% endif %}
{%- for array in function.reads %}const bool {{ array }}[{{ array.size }}], {% endfor %}bool {{ function.writes }}[{{ function.writes.size }}])
{
#pragma HLS INLINE
{%- for statement in core.statements(function) %}
{%- match statement.value %}
{%- when Value::Text(text) %}
    {{ statement.target }} = {{ text }};
{%- when Value::Table { size, hex, inputs } %}
    {{ statement.target }} = lut{{ size }}(0x{{ hex }}u{% if *size == 6 %}ll{% endif %}{% for input in inputs %}, {{ input }}{% endfor %});
{%- when Value::Wide { words, inputs } %}
    {
        static const std::uint64_t table[{{ words.len() }}] = {
{%- for line in words.chunks(4) %}
            {% for word in line %}{{ "{:#018x}"|format(word) }}ull, {% endfor %}
{%- endfor %}
        };
        unsigned row = 0;
{%- for input in inputs %}
        row |= static_cast<unsigned>({{ input }}) << {{ loop.index0 }};
{%- endfor %}
        {{ statement.target }} = (table[row >> 6] >> (row & 63u) & 1u) != 0;
    }
{%- endmatch %}
{%- endfor %}
}
{%- endfor %}
{%- if i.classes > 0 %}

template <unsigned FIRST, unsigned LAST>
inline {{ i.name }}_score_t ones_among(const bool out[])
{
#pragma HLS INLINE
    {{ i.name }}_score_t ones = 0;
    for (unsigned i = FIRST; i < LAST; i++) {
#pragma HLS UNROLL
        ones = static_cast<{{ i.name }}_score_t>(ones + (out[i] ? 1u : 0u));
    }
    return ones;
}
{%- endif %}

} // namespace

{% if i.classes > 0 -%}
void {{ i.name }}(const {{ i.name }}_code_t features[{{ i.upper }}_FEATURES], {{ i.name }}_class_t *class_index,
    {{ i.name }}_score_t scores[{{ i.upper }}_CLASSES])
{
#pragma HLS INTERFACE mode=ap_none port=features
#pragma HLS INTERFACE mode=ap_vld port=class_index
#pragma HLS INTERFACE mode=ap_vld port=scores
#pragma HLS ARRAY_PARTITION variable=features type=complete
#pragma HLS ARRAY_PARTITION variable=scores type=complete
{%- else -%}
void {{ i.name }}(const {{ i.name }}_code_t features[{{ i.upper }}_FEATURES], bool bits[{{ i.upper }}_BITS])
{
#pragma HLS INTERFACE mode=ap_none port=features
#pragma HLS INTERFACE mode=ap_vld port=bits
#pragma HLS ARRAY_PARTITION variable=features type=complete
#pragma HLS ARRAY_PARTITION variable=bits type=complete
{%- endif %}
#pragma HLS PIPELINE II=1
{%- for array in core.arrays %}
    bool {{ array }}[{{ array.size }}];
#pragma HLS ARRAY_PARTITION variable={{ array }} type=complete
{%- endfor %}
{%- if !core.reads_features() %}
    static_cast<void>(features);
{%- endif %}
{% for function in core.functions %}
    {{ function }}({% if function.reads_features %}features, {% endif %}{% for array in function.reads %}{{ array }}, {% endfor %}{{ function.writes }});
{%- endfor %}
{%- if i.classes > 0 %}

    {{ i.name }}_score_t score[{{ i.upper }}_CLASSES];
#pragma HLS ARRAY_PARTITION variable=score type=complete
{%- for group in groups %}
{%- if group.is_empty() %}
    score[{{ loop.index0 }}] = 0;
{%- else %}
    score[{{ loop.index0 }}] = ones_among<{{ group.start }}, {{ group.end }}>(out);
{%- endif %}
{%- endfor %}

    // The first side of a duel has the lower classes and wins ties.
{%- for duel in duels %}
    const bool second_{{ loop.index0 }} = {{ duel.scores[1] }} > {{ duel.scores[0] }};
    const {{ i.name }}_class_t class_{{ loop.index0 }} = second_{{ loop.index0 }} ? {{ i.name }}_class_t({{ duel.classes[1] }}) : {{ i.name }}_class_t({{ duel.classes[0] }});
{%- if !loop.last %}
    const {{ i.name }}_score_t score_{{ loop.index0 }} = second_{{ loop.index0 }} ? {{ duel.scores[1] }} : {{ duel.scores[0] }};
{%- endif %}
{%- endfor %}
{%- if duels.is_empty() %}
    *class_index = 0;
{%- else %}
    *class_index = class_{{ duels.len() - 1 }};
{%- endif %}
    for (unsigned c = 0; c < {{ i.upper }}_CLASSES; c++) {
#pragma HLS UNROLL
        scores[c] = score[c];
    }
{%- else %}

    for (unsigned k = 0; k < {{ i.upper }}_BITS; k++) {
#pragma HLS UNROLL
        bits[k] = out[k];
    }
{%- endif %}
}
