{%- include "verilog/notes.v" -%}
`default_nettype none

// The lookup tables. Bit r of a table is its value when input i equals bit i of r.
module {{ name }}_core (
{%- include "verilog/ports.v" %}
);
{%- include "verilog/registers.v" %}
{%- for stretch in m.stretches() %}

  // {{ m.title(stretch) }}
{%- for lut in m.luts(stretch) %}
{%- include "verilog/lut.v" %}
{%- endfor %}
{%- endfor %}

  // Outputs
{%- for (output, signal) in m.outputs() %}
  assign {{ output }} = {{ signal }};
{%- endfor %}
{%- include "verilog/clocking.v" %}
endmodule

`default_nettype wire
