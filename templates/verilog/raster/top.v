{%- include "verilog/notes.v" -%}
`default_nettype none

module {{ r.name }} (
{%- for pin in r.top.pins %}
  {{ syntax::pin(pin) }}{% if !loop.last %},{% endif %}
{%- endfor %}
);
{%- let clock = r.clock() %}
{%- if let Some(stream) = r.top.stream %}
  // Everything stops while a complete frame waits for the layers behind it. These stop while a
  // result is not taken, which they say from a register.
  wire rst = ~aresetn;
  wire full;
  wire taken;
  wire ce = ~full | taken;
  reg running;
  always @(posedge aclk) running <= aresetn;
  assign s_axis_tready = running & ce;
  wire in_valid = s_axis_tvalid & s_axis_tready;
  wire {{ syntax::range(r.top.input.width) }}pixel = s_axis_tdata{% if stream.input_bits < stream.input_width %}[{{ stream.input_bits - 1 }}:0]{% endif %};
{%- else %}
  wire full;
{%- endif %}
{%- for width in r.top.widths %}
  wire valid_{{ loop.index0 }};
  wire {{ syntax::range(width) }}bits_{{ loop.index0 }};
{%- endfor %}
  wire [{{ r.top.collected - 1 }}:0] image;

  {{ r.name }}_pixel encoder (
    .clk({{ clock }}),
    .rst(rst),
{%- if r.top.stream.is_some() %}
    .ce(ce),
{%- endif %}
    .in_valid(in_valid),
    .pixel(pixel),
    .out_valid(valid_0),
    .bits(bits_0)
  );
{%- for window in r.windows %}

  {{ r.name }}_window{{ window.index }} step_{{ window.index }} (
    .clk({{ clock }}),
    .rst(rst),
{%- if r.top.stream.is_some() %}
    .ce(ce),
{%- endif %}
    .in_valid(valid_{{ window.index }}),
    .in_bits(bits_{{ window.index }}),
    .out_valid(valid_{{ window.index + 1 }}),
    .out_bits(bits_{{ window.index + 1 }})
  );
{%- endfor %}

  {{ r.name }}_image collect (
    .clk({{ clock }}),
    .rst(rst),
{%- if r.top.stream.is_some() %}
    .ce(ce),
{%- endif %}
    .in_valid(valid_{{ r.windows.len() }}),
    .in_bits(bits_{{ r.windows.len() }}),
    .full(full),
    .image(image)
  );

  {{ r.name }}_dense dense (
{%- if r.top.stream.is_some() %}
    .aclk(aclk),
    .aresetn(aresetn),
    .s_axis_tdata({% if r.top.collected_bus > r.top.collected %}{ {{- r.top.collected_bus - r.top.collected }}'d0, image}{% else %}image{% endif %}),
    .s_axis_tvalid(full),
    .s_axis_tready(taken),
    .s_axis_tlast(1'b1),
    .m_axis_tdata(m_axis_tdata),
    .m_axis_tvalid(m_axis_tvalid),
    .m_axis_tready(m_axis_tready),
    .m_axis_tlast(m_axis_tlast)
{%- else %}
    .clk(clk),
    .rst(rst),
    .in_valid(full),
    .features(image),
    .out_valid(out_valid),
{%- for pin in r.top.results %}
    .{{ pin.name }}({{ pin.name }}){% if !loop.last %},{% endif %}
{%- endfor %}
{%- endif %}
  );
{%- if let Some(stream) = r.top.stream %}

  // Pixels are counted, so that their tlast says nothing new.
  wire _unused = &{ 1'b0, s_axis_tlast{% if stream.input_bits < stream.input_width %}, s_axis_tdata[{{ stream.input_width - 1 }}:{{ stream.input_bits }}]{% endif %} };
{%- endif %}
endmodule

`default_nettype wire
