{%- for note in notes -%}
# {{ note }}
{% endfor -%}
#
# vivado -mode batch -source {{ name }}_vivado.tcl
# Synthesizes, places and routes out of context: no pins, no board, the figures of the design alone.
# Environment: DIFFLUT_PART (default xcvu9p-flgb2104-2-i).
set part [expr {[info exists ::env(DIFFLUT_PART)] ? $::env(DIFFLUT_PART) : "xcvu9p-flgb2104-2-i"}]
cd [file dirname [file normalize [info script]]]

read_verilog [list \
{%- for source in sources %}
  {{ source }} \
{%- endfor %}
]
read_xdc -mode out_of_context {{ name }}.xdc
synth_design -top {{ name }} -part $part -mode out_of_context -flatten_hierarchy rebuilt
opt_design
place_design
phys_opt_design
route_design
report_utilization -hierarchical -file {{ name }}_utilization.txt
report_timing_summary -file {{ name }}_timing.txt
write_checkpoint -force {{ name }}.dcp
set slack [get_property SLACK [get_timing_paths -delay_type max]]
puts "{{ name }}: slack $slack ns, see {{ name }}_utilization.txt and {{ name }}_timing.txt"
