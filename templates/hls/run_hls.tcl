{%- for note in i.origin -%}
# {{ note }}
{% endfor -%}
#
# vitis_hls -f run_hls.tcl
# Environment: DIFFLUT_PART (default xcvu9p-flgb2104-2-i), DIFFLUT_PERIOD in ns (default 5).
set part [expr {[info exists ::env(DIFFLUT_PART)] ? $::env(DIFFLUT_PART) : "xcvu9p-flgb2104-2-i"}]
set period [expr {[info exists ::env(DIFFLUT_PERIOD)] ? $::env(DIFFLUT_PERIOD) : 5}]

open_project -reset {{ i.name }}_hls
set_top {{ i.name }}
add_files {{ i.name }}.cpp -cflags "-std=c++17"
{%- if has_bench %}
add_files -tb {{ i.name }}_tb.cpp -cflags "-std=c++17"
add_files -tb {{ i.name }}_vectors.txt
{%- endif %}
open_solution -reset solution
set_part $part
create_clock -period $period
{%- if has_bench %}
csim_design
{%- endif %}
csynth_design
{%- if has_bench %}
cosim_design
{%- endif %}
export_design -format ip_catalog
exit
