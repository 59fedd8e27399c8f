{%- include "verilog/notes.v" -%}
`default_nettype none

{%- let top = h.top %}
{%- let latency = h.pipeline.latency() %}
module {{ name }} (
{%- for pin in top.pins %}
  {{ syntax::pin(pin) }}{% if !loop.last %},{% endif %}
{%- endfor %}
);
{%- if let Some(stream) = top.stream %}
  wire {{ syntax::range(top.input.width) }}{{ top.input.name }} = s_axis_tdata{% if stream.input_bits < stream.input_width %}[{{ stream.input_bits - 1 }}:0]{% endif %};
{%- for pin in top.results %}
  wire {{ syntax::range(pin.width) }}{{ pin.name }};
{%- endfor %}
  wire ce;
{% endif %}
{%- for wire in top.wires %}
  wire {{ wire }};
{%- endfor %}
{%- for instance in top.instances %}

  {{ name }}_{{ instance.module }} {{ instance.module }} (
{%- for (port, connection) in instance.ports %}
    .{{ port }}({{ syntax::connection(connection, h.clock(), top.input.width) }}){% if !loop.last %},{% endif %}
{%- endfor %}
  );
{%- endfor %}
{%- if !top.bits.is_empty() %}

  assign bits = { {%- for bit in top.bits %}{% if !loop.first %}, {% endif %}{{ bit }}{% endfor -%} };
{%- endif %}
{%- if h.settings.interface == Interface::Valid %}

  // Which stages hold results of a valid input.
  reg {% if latency > 1 %}[{{ latency - 1 }}:0] {% endif %}valid;
  always @(posedge clk)
    if (rst) valid <= {{ latency }}'d0;
    else valid <= {% if latency > 1 %}{valid[{{ latency - 2 }}:0], in_valid}{% else %}in_valid{% endif %};
  assign out_valid = valid{% if latency > 1 %}[{{ latency - 1 }}]{% endif %};
{%- endif %}
{%- if let Some(stream) = top.stream %}

  // Which stages hold an input that was taken, and with it its tlast.
  reg {% if latency > 1 %}[{{ latency - 1 }}:0] {% endif %}valid;
  reg {% if latency > 1 %}[{{ latency - 1 }}:0] {% endif %}last;
  wire finished = valid{% if latency > 1 %}[{{ latency - 1 }}]{% endif %};
  wire finished_last = last{% if latency > 1 %}[{{ latency - 1 }}]{% endif %};
  wire [{{ stream.output_width - 1 }}:0] result = { {%- for field in stream.fields.iter().rev() %}{% if !loop.first %}, {% endif %}
{%- if field.padding > 0 %}{{ field.padding }}'d0, {% endif %}
{{ syntax::field(field, top.results) }}
{%- endfor -%} };

  // A result that nobody takes moves aside and the registers stop. So the ready signal of the
  // inputs comes from a register, and no result is lost or late when the flow goes on.
  reg aside_valid;
  reg aside_last;
  reg [{{ stream.output_width - 1 }}:0] aside;
  reg running;
  assign ce = ~aside_valid;
  assign s_axis_tready = running & ~aside_valid;
  assign m_axis_tvalid = aside_valid | finished;
  assign m_axis_tlast = aside_valid ? aside_last : finished_last;
  assign m_axis_tdata = aside_valid ? aside : result;

  always @(posedge aclk)
    if (!aresetn) begin
      running <= 1'b0;
      aside_valid <= 1'b0;
      valid <= {{ latency }}'d0;
    end else begin
      running <= 1'b1;
      aside_valid <= m_axis_tvalid & ~m_axis_tready;
      if (ce) valid <= {% if latency > 1 %}{valid[{{ latency - 2 }}:0], s_axis_tvalid & running}{% else %}s_axis_tvalid & running{% endif %};
    end

  always @(posedge aclk) if (ce) begin
    last <= {% if latency > 1 %}{last[{{ latency - 2 }}:0], s_axis_tlast}{% else %}s_axis_tlast{% endif %};
    aside <= result;
    aside_last <= finished_last;
  end
{%- if stream.input_bits < stream.input_width %}

  // Bits that fill the last byte.
  wire _unused_padding = &{ 1'b0, s_axis_tdata[{{ stream.input_width - 1 }}:{{ stream.input_bits }}] };
{%- endif %}
{%- endif %}
{%- if !top.unused.is_empty() %}

  // No output depends on these.
  wire _unused = &{ 1'b0{% for wire in top.unused %}, {{ wire }}{% endfor %} };
{%- endif %}
endmodule

`default_nettype wire
