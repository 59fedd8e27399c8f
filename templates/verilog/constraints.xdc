{%- for note in notes -%}
# {{ note }}
{% endfor -%}
{%- if let Some(clock) = clock -%}
create_clock -period {{ period }} -name {{ clock }} [get_ports {{ clock }}]
{%- else -%}
# No clock: a limit on the delay from inputs to outputs.
set_max_delay {{ period }} -from [all_inputs] -to [all_outputs]
{%- endif %}
