//! The comment at the top of the file of the top module.

use crate::emit::EmitRequest;
use crate::emit::notes::{OutputBus, interface, origin, plural};

use super::{Hardware, Interface, LutStyle, Registers, Wire};

/// How a language writes a part of a bus.
pub(in crate::emit) trait Syntax {
    /// What the file is, for its first line.
    fn title(&self) -> &'static str;
    /// `width` bits of `bus` from bit `index * width`.
    fn slice(&self, bus: &str, index: &str, width: usize) -> String;
    /// The range of a bus of `width` bits.
    fn range(&self, width: usize) -> String;
}

impl Hardware<'_> {
    /// The comment at the top of the file.
    pub(in crate::emit) fn notes(&self, request: &EmitRequest<'_>, syntax: &dyn Syntax) -> Vec<String> {
        let facts = &self.facts;
        let mut lines = origin(request, syntax.title());
        lines.push(String::new());
        lines.extend(interface(request, facts));
        lines.push(String::new());
        lines.push("Ports:".to_owned());
        match self.settings.interface {
            Interface::Comb => {
                if self.pipeline.has_clock() {
                    lines.push(
                        "  clk: everything happens at its rising edge; there is no reset, results are valid after the"
                            .to_owned(),
                    );
                    lines.push("    latency whatever the registers held before.".to_owned());
                }
                self.buses(syntax, &mut lines);
            }
            Interface::Valid => {
                lines.push("  clk: everything happens at its rising edge.".to_owned());
                lines.push("  rst: synchronous, active high; forgets every input that is on its way.".to_owned());
                lines.push("  in_valid: the input bus carries an input in this cycle.".to_owned());
                lines.push("  out_valid: the outputs are the results of such an input.".to_owned());
                self.buses(syntax, &mut lines);
            }
            Interface::Axis => self.stream(syntax, &mut lines),
        }
        let depth = self.depth;
        lines.push(match self.pipeline.latency() {
            0 => format!(
                "Timing: combinational, {depth} level{} of logic from comparator to result.",
                plural(depth as usize)
            ),
            latency => format!(
                "Timing: a new input every cycle, results after {latency} cycle{}; {depth} level{} of logic, {}.",
                plural(latency as usize),
                plural(depth as usize),
                match request.options.hdl.pipeline {
                    Some(Registers::Levels(every)) => format!("registers every {every}"),
                    _ => format!("at most {} between registers", self.pipeline.longest_stage()),
                }
            ),
        });
        if self.registers > 0 {
            lines.push(format!("Registers: {} bits in the pipeline.", self.registers));
        }
        lines.push(
            "Tables: bit r is the output for the inputs whose bits spell r, input 0 the least significant.".to_owned(),
        );
        match self.settings.style {
            LutStyle::Table => {}
            LutStyle::Primitive => lines.push(
                "Tables are AMD primitives LUT1 to LUT6; simulate together with the models in primitives.".to_owned(),
            ),
            LutStyle::Slice => lines.push(
                "Tables are AMD primitives LUT1 to LUT6 and LUT6_2 (two tables), counts are on CARRY4 chains; simulate \
                 together with the models in primitives."
                    .to_owned(),
            ),
        }
        lines
    }

    fn buses(&self, syntax: &dyn Syntax, lines: &mut Vec<String>) {
        let facts = &self.facts;
        lines.push(match self.settings.encoder {
            true => format!(
                "  features{}: feature f at {}",
                syntax.range(facts.input_width()),
                syntax.slice("features", "f", facts.bits)
            ),
            false => format!(
                "  encoded{}: one bit per comparison, see {}_encoded.csv",
                syntax.range(self.input_width()),
                facts.name
            ),
        });
        match facts.output {
            OutputBus::Bits(count) => {
                lines.push(format!(
                    "  bits{}: output i of the last layer at {}",
                    syntax.range(count),
                    syntax.slice("bits", "i", 1)
                ));
            }
            OutputBus::Classes { classes, class_bits, score_bits } => {
                if self.settings.outputs.class() {
                    lines.push(format!("  class_index{}: the class", syntax.range(class_bits)));
                }
                if self.settings.outputs.scores() {
                    lines.push(format!(
                        "  scores{}: score of class c at {}",
                        syntax.range(classes * score_bits),
                        syntax.slice("scores", "c", score_bits)
                    ));
                }
            }
        }
    }

    fn stream(&self, syntax: &dyn Syntax, lines: &mut Vec<String>) {
        let Some(stream) = &self.top.stream else { return };
        lines.push("  aclk: everything happens at its rising edge.".to_owned());
        lines.push("  aresetn: synchronous, active low; forgets every input that is on its way.".to_owned());
        let input = match self.settings.encoder {
            true => format!(
                "feature f at bits f*{bits} to f*{bits}+{top}",
                bits = self.facts.bits,
                top = self.facts.bits - 1
            ),
            false => format!("one bit per comparison, see {}_encoded.csv", self.facts.name),
        };
        lines.push(format!("  s_axis: inputs. tdata{}: {input}", syntax.range(stream.input_width)));
        lines.push("    tlast travels along with its input.".to_owned());
        lines.push("  m_axis: results, numbers at whole bytes. tdata:".to_owned());
        for field in &stream.fields {
            let top = field.low + field.width - 1;
            lines.push(match field.wire {
                Wire::ClassIndex => format!("    bits {} to {top}: the class", field.low),
                Wire::Score(class) => format!("    bits {} to {top}: the score of class {class}", field.low),
                _ => format!("    bits {} to {top}: the output bits", field.low),
            });
        }
        lines.push("  tready of the inputs does not depend on tready of the results within a cycle.".to_owned());
    }
}
