  signal {{ lut.wire }} : std_logic;
{%- if let Form::Primitives(parts) = lut.form %}
{%- for part in parts %}
{%- if part.is_part() %}
  signal {{ part.output }} : std_logic;
{%- endif %}
{%- endfor %}
{%- endif %}
