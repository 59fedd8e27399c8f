{%- include "verilog/notes.v" -%}
`default_nettype none

// The score of a class is the number of ones in its group of core outputs.
module {{ name }}_head (
{%- include "verilog/ports.v" %}
);
{%- include "verilog/registers.v" %}
{%- for view in m.scores %}
{%- match view.form %}
{%- when ScoreForm::Zero %}

  wire {{ syntax::range(m.score_bits) }}{{ view.wire }} = {{ m.score_bits }}'d0;
{%- when ScoreForm::Bit { bit, padding } %}

  wire {{ syntax::range(m.score_bits) }}{{ view.wire }} = {% if *padding > 0 %}{ {{- padding }}'d0, {{ bit }}}{% else %}{{ bit }}{% endif %};
{%- when ScoreForm::Popcount { label, clocked, count, width, padding, inputs } %}

  wire {{ syntax::range(width) }}{{ count }};
  {{ name }}_popcount_{{ label }} popcount_{{ view.class }} (
{%- if *clocked %}
    .clk(clk),
{%- if !enable.is_empty() %}
    .ce(ce),
{%- endif %}
{%- endif %}
{%- for input in inputs %}
    .x{{ loop.index0 }}({{ input }}),
{%- endfor %}
    .count({{ count }})
  );
{%- if *padding > 0 %}
  wire {{ syntax::range(m.score_bits) }}{{ view.wire }} = { {{- padding }}'d0, {{ count -}} };
{%- endif %}
{%- endmatch %}
{%- endfor %}
{%- if let Some(instance) = m.argmax %}

  wire {{ syntax::range(m.class_bits) }}winner;
  {{ name }}_argmax argmax (
{%- if instance.clocked %}
    .clk(clk),
{%- if !enable.is_empty() %}
    .ce(ce),
{%- endif %}
{%- endif %}
{%- for (port, signal) in instance.scores %}
    .{{ port }}({{ signal }}),
{%- endfor %}
    .class_index(winner)
  );
{%- endif %}
{% if let Some(source) = m.class_index %}
  assign class_index = {% match source %}{% when ClassSource::Zero %}{{ m.class_bits }}'d0{% when ClassSource::Signal(signal) %}{{ signal }}{% endmatch %};
{%- endif %}
{%- if !m.results.is_empty() %}
  assign scores = { {%- for result in m.results %}{% if !loop.first %}, {% endif %}{{ result }}{% endfor -%} };
{%- endif %}
{%- include "verilog/clocking.v" %}
endmodule

`default_nettype wire
