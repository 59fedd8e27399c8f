// The score of a class is the number of ones in its group of core outputs.
module {{ name }}_head (
{%- for port in ports %}
  {{ port }}{% if !loop.last %},{% endif %}
{%- endfor %}
);
{%- include "verilog/registers.v" %}
{%- for view in scores %}
{%- match view.form %}
{%- when ScoreForm::Expression(text) %}

  wire {{ score }}{{ view.wire }} = {{ text }};
{%- when ScoreForm::Popcount { size, clocked, count, range, padding, inputs } %}

  wire {{ range }}{{ count }};
  {{ name }}_popcount_{{ size }} popcount_{{ view.class }} (
{%- if *clocked %}
    .clk(clk),
{%- endif %}
{%- for input in inputs %}
    .x{{ loop.index0 }}({{ input }}),
{%- endfor %}
    .count({{ count }})
  );
{%- if *padding > 0 %}
  wire {{ score }}{{ view.wire }} = { {{- padding }}'d0, {{ count -}} };
{%- endif %}
{%- endmatch %}
{%- endfor %}
{%- if let Some(instance) = argmax %}

  wire {{ class }}winner;
  {{ name }}_argmax argmax (
{%- if instance.clocked %}
    .clk(clk),
{%- endif %}
{%- for (port, signal) in instance.scores %}
    .{{ port }}({{ signal }}),
{%- endfor %}
    .class_index(winner)
  );
{%- endif %}

  assign class_index = {{ class_index }};
  assign scores = { {%- for result in results %}{% if !loop.first %}, {% endif %}{{ result }}{% endfor -%} };
{%- include "verilog/clocking.v" %}
endmodule
