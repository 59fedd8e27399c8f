
`ifdef VERILATOR
`line {{ line }} "{{ module }}.v" 0
`endif
