{%- include "verilog/notes.v" -%}
`default_nettype none

// Step {{ m.index }}: one kernel for all positions of a window of {{ m.window.size[0] }} x {{ m.window.size[1] }}.
module {{ name }}_window{{ m.index }} (
  input  wire clk,
  input  wire rst,
{%- if stalls %}
  input  wire ce,
{%- endif %}
  input  wire in_valid,
  input  wire {{ syntax::range(m.channels_in) }}in_bits,
  output wire out_valid,
  output wire {{ syntax::range(m.channels) }}out_bits
);
{%- let row = m.axes[0] %}
{%- let column = m.axes[1] %}
  // Where the next pixel belongs.
  reg {{ syntax::range(row.bits) }}row;
  reg {{ syntax::range(column.bits) }}column;
  wire last_column = column == {{ column.largest }};

  // The window is at slot (slot_row, slot_column): its first element is the pixel there, less the
  // padding. Slot 0 comes with pixel ({{ m.window.first()[0] }}, {{ m.window.first()[1] }}).
  reg {{ syntax::range(row.bits) }}slot_row;
  reg {{ syntax::range(column.bits) }}slot_column;
{%- for axis in m.axes %}
{%- if let Some(phase) = axis.phase %}
  reg {{ syntax::range(phase.bits) }}{{ axis.name }}_phase;
{%- endif %}
{%- endfor %}
  reg active;
  reg moved;
  wire first = in_valid & (row == {{ row.first }}) & (column == {{ column.first }});
  wire last = active & (slot_row == {{ row.last }}) & (slot_column == {{ column.last }});
  wire last_slot_column = slot_column == {{ column.largest }};

  // Between frames the rest of one is finished without waiting for the pixels of the next.
  wire advance = in_valid | (active & (row == {{ row.zero }}) & (column == {{ column.zero }}));

  always @(posedge clk)
    if (rst) begin
      row <= {{ row.zero }};
      column <= {{ column.zero }};
      active <= 1'b0;
      moved <= 1'b0;
    end else {{ enable }}begin
      if (in_valid) begin
        column <= last_column ? {{ column.zero }} : column + {{ column.one }};
        if (last_column) row <= row == {{ row.largest }} ? {{ row.zero }} : row + {{ row.one }};
      end
      if (first) active <= 1'b1;
      else if (advance & last) active <= 1'b0;
      moved <= advance;
    end

  always @(posedge clk) {{ enable }}if (first) begin
    slot_row <= {{ row.zero }};
    slot_column <= {{ column.zero }};
{%- for axis in m.axes %}
{%- if let Some(phase) = axis.phase %}
    {{ axis.name }}_phase <= {{ phase.zero }};
{%- endif %}
{%- endfor %}
  end else if (advance) begin
    slot_column <= last_slot_column ? {{ column.zero }} : slot_column + {{ column.one }};
    if (last_slot_column) slot_row <= slot_row + {{ row.one }};
{%- if let Some(phase) = column.phase %}
    column_phase <= last_slot_column | (column_phase == {{ phase.largest }}) ? {{ phase.zero }} : column_phase + {{ phase.one }};
{%- endif %}
{%- if let Some(phase) = row.phase %}
    if (last_slot_column) row_phase <= row_phase == {{ phase.largest }} ? {{ phase.zero }} : row_phase + {{ phase.one }};
{%- endif %}
  end

  // Whether the slot is a position.
  wire position = moved & active
{%- for axis in m.axes %}
{%- if let Some(phase) = axis.phase %} & ({{ axis.name }}_phase == {{ phase.zero }}){% endif %}
{%- if axis.ends_early %} & (slot_{{ axis.name }} <= {{ axis.last }}){% endif %}
{%- endfor %};
{% if !m.lines.is_empty() %}
  // The pixels of the last rows, the newest in bit 0.
{%- for line in m.lines %}
  reg {{ syntax::range(line.length) }}line_{{ line.channel }};
{%- endfor %}
  always @(posedge clk) {{ enable }}if (advance) begin
{%- for line in m.lines %}
    line_{{ line.channel }} <= {% if line.length > 1 %}{line_{{ line.channel }}{% if line.length > 2 %}[{{ line.length - 2 }}:0]{% else %}[0]{% endif %}, {% endif %}in_bits{% if m.channels_in > 1 %}[{{ line.channel }}]{% endif %}{% if line.length > 1 %}}{% endif %};
{%- endfor %}
  end
{% endif %}
{%- if !m.inside.is_empty() %}
  // Rows and columns of the window that lie in the image and not in the padding.
{%- for (wire, condition) in m.inside %}
  wire {{ wire }} = {{ condition }};
{%- endfor %}
{% endif %}
  wire {{ syntax::range(m.features) }}window;
{%- for element in m.elements %}
  assign window{% if m.features > 1 %}[{{ loop.index0 }}]{% endif %} = {{ element }};
{%- endfor %}

  {{ name }}_kernel{{ m.index }} kernel (
{%- if m.kernel_clock %}
    .clk(clk),
{%- endif %}
{%- if stalls %}
    .ce(ce),
{%- endif %}
    .features(window),
    .bits(out_bits)
  );

  reg {{ syntax::range(m.latency) }}valid;
  always @(posedge clk)
    if (rst) valid <= {{ m.latency }}'d0;
    else {{ enable }}valid <= {% if m.latency > 1 %}{valid[{{ m.latency - 2 }}:0], position}{% else %}position{% endif %};
  assign out_valid = valid{% if m.latency > 1 %}[{{ m.latency - 1 }}]{% endif %};
{%- if !m.unused.is_empty() %}

  // Channels that no lookup table depends on.
  wire _unused = &{ 1'b0{% for channel in m.unused %}, in_bits{% if m.channels_in > 1 %}[{{ channel }}]{% endif %}{% endfor %} };
{%- endif %}
endmodule

`default_nettype wire
