{%- include "vhdl/context.vhd" %}

-- The score of a class is the number of ones in its group of core outputs.
entity {{ name }}_head is
{% include "vhdl/ports.vhd" %}
end entity;

architecture rtl of {{ name }}_head is
{%- include "vhdl/registers.vhd" %}
{% for view in m.scores %}
  signal {{ view.wire }} : {{ syntax::kind(view.wire, m.score_bits) }};
{%- match view.form %}
{%- when ScoreForm::Popcount { label: _, clocked: _, count, width, padding, inputs: _ } %}
{%- if *padding > 0 %}
  signal {{ count }} : {{ syntax::kind(count, width) }};
{%- endif %}
{%- when _ %}
{%- endmatch %}
{%- endfor %}
{%- if m.argmax.is_some() %}
  signal winner : std_logic_vector({{ m.class_bits - 1 }} downto 0);
{%- endif %}
begin
{%- for view in m.scores %}
{%- match view.form %}
{%- when ScoreForm::Zero %}
  {{ view.wire }} <= (others => '0');
{% when ScoreForm::Bit { bit, padding } %}
{%- if *padding > 0 %}
  {{ view.wire }} <= {{ syntax::zeros(padding) }} & {{ bit }};
{%- else %}
  {{ view.wire }}(0) <= {{ bit }};
{%- endif %}
{% when ScoreForm::Popcount { label, clocked, count, width: _, padding, inputs } %}
  popcount_{{ view.class }} : entity work.{{ name }}_popcount_{{ label }}
    port map (
{%- if *clocked %}
      clk => clk,
{%- if enable %}
      ce => ce,
{%- endif %}
{%- endif %}
{%- for input in inputs %}
      x{{ loop.index0 }} => {{ input }},
{%- endfor %}
      count => {{ count }}
    );
{%- if *padding > 0 %}
  {{ view.wire }} <= {{ syntax::zeros(padding) }} & {{ count }};
{%- endif %}
{% endmatch %}
{%- endfor %}
{%- if let Some(instance) = m.argmax %}
  argmax : entity work.{{ name }}_argmax
    port map (
{%- if instance.clocked %}
      clk => clk,
{%- if enable %}
      ce => ce,
{%- endif %}
{%- endif %}
{%- for (port, signal) in instance.scores %}
      {{ port }} => {{ signal }},
{%- endfor %}
      class_index => winner
    );
{% endif %}
{%- if let Some(source) = m.class_index %}
  class_index <= {% match source %}{% when ClassSource::Zero %}(others => '0'){% when ClassSource::Signal(signal) %}{{ signal }}{% endmatch %};
{%- endif %}
{%- if !m.results.is_empty() %}
  scores <= {% for result in m.results %}{% if !loop.first %} & {% endif %}std_logic_vector({{ result }}){% endfor %};
{%- endif %}
{%- include "vhdl/clocking.vhd" %}
end architecture;
