{%- include "verilog/notes.v" -%}
`default_nettype none

// The codes of a pixel, counted from the smallest code, to the bits of the first image.
module {{ name }}_pixel (
  input  wire clk,
  input  wire rst,
{%- if stalls %}
  input  wire ce,
{%- endif %}
  input  wire in_valid,
  input  wire {{ syntax::range(m.width) }}pixel,
  output reg  out_valid,
  output wire {{ syntax::range(m.made) }}bits
);
  always @(posedge clk)
    if (rst) out_valid <= 1'b0;
    else {{ enable }}out_valid <= in_valid;
{% for (channel, code) in m.channels %}
  wire {{ syntax::range(m.bits) }}code_{{ channel }} = {{ code }};
{%- endfor %}
{%- if let Some(table) = m.table %}

  // Every pixel has thresholds of its own.
  reg {{ syntax::range(table.position_bits) }}position;
  always @(posedge clk)
    if (rst) position <= {{ table.position_bits }}'d0;
    else {{ enable }}if (in_valid) position <= position == {{ table.last }} ? {{ table.position_bits }}'d0 : position + {{ table.one }};

  reg [{{ table.width - 1 }}:0] thresholds;
  always @*
    case (position)
{%- for row in table.rows %}
{%- if loop.last %}
      default: thresholds = {{ row }};
{%- else %}
      {{ table.position_bits }}'d{{ loop.index0 }}: thresholds = {{ row }};
{%- endif %}
{%- endfor %}
    endcase
{%- endif %}
{% for bit in m.encoded %}
{%- if bit.is_some() %}
  reg bit_{{ loop.index0 }};
{%- endif %}
{%- endfor %}
  always @(posedge clk) {{ enable }}if (in_valid) begin
{%- for bit in m.encoded %}
{%- if let Some(expression) = bit %}
    bit_{{ loop.index0 }} <= {{ expression }};
{%- endif %}
{%- endfor %}
  end
{%- for bit in m.encoded %}
  assign bits{% if m.made > 1 %}[{{ loop.index0 }}]{% endif %} = {% if bit.is_some() %}bit_{{ loop.index0 }}{% else %}1'b0{% endif %};
{%- endfor %}
{%- if !m.unused.is_empty() %}

  // Codes that no lookup table depends on.
  wire _unused = &{ 1'b0{% for slice in m.unused %}, pixel{% if m.width > 1 %}[{{ slice.low + slice.width - 1 }}:{{ slice.low }}]{% endif %}{% endfor %} };
{%- endif %}
endmodule

`default_nettype wire
