{%- for note in l.origin -%}
/* {{ note }} */
{% endfor -%}
/* Tables on words of one sample per bit, in parts of a few hundred statements. */
#include "lib{{ l.name }}_words.h"

typedef {{ l.name }}_word W;
{% for part in parts %}
PART part{{ part.number }}(W *v)
{
{{ part -}}
}
{% endfor %}
void {{ l.name }}_core{{ file }}(W *v)
{
{%- for part in parts %}
    part{{ part.number }}(v);
{%- endfor %}
}
