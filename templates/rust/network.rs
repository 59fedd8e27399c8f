{%- for note in notes -%}
//{% if !note.is_empty() %} {{ note }}{% endif %}
{% endfor %}
/// The code of one feature.
pub type Feature = {{ feature }};

/// Features of a sample.
pub const FEATURES: usize = {{ features }};
{% if classes > 0 %}
/// Number of classes.
pub const CLASSES: usize = {{ classes }};
{% else %}
/// Number of output bits.
pub const BITS: usize = {{ bits }};
{% endif %}
/// Samples that a batch computes together.
pub const LANES: usize = usize::BITS as usize;

/// One bit of each of `LANES` samples.
type Word = usize;

/// Words of a workspace.
const WORDS: usize = {{ slots }};

/// Memory for one run, `WORDS` words.
pub struct Workspace([Word; WORDS]);

impl Workspace {
    /// A workspace; what is in it does not matter.
    pub const fn new() -> Self {
        Self([0; WORDS])
    }
}

impl Default for Workspace {
    fn default() -> Self {
        Self::new()
    }
}

/// The feature and the bit of its code that each of the first words holds.
static PLANES: [(u32, u8); {{ planes.len() }}] = [
{%- for line in planes.chunks(8) %}
    {% for plane in line %}({{ plane.feature }}, {{ plane.bit }}),{% if !loop.last %} {% endif %}{% endfor %}
{%- endfor %}
];
{% if classes > 0 %}
/// The words that are the outputs, class by class, those that are complements last.
static OUTPUTS: [u32; {{ outputs.len() }}] = [
{%- for line in outputs.chunks(16) %}
    {% for output in line %}{{ output.slot }},{% if !loop.last %} {% endif %}{% endfor %}
{%- endfor %}
];

/// For each class its first output, its first complement and the end.
static GROUPS: [(usize, usize, usize); CLASSES] = [
{%- for group in groups %}
    ({{ group.0 }}, {{ group.1 }}, {{ group.2 }}),
{%- endfor %}
];

/// Bits of a score.
const SCORE_BITS: usize = {{ score_bits }};

/// The class of the largest score, the lowest on ties.
pub fn predict(features: &[Feature; FEATURES]) -> usize {
    largest(&scores(features))
}

/// The score of every class.
pub fn scores(features: &[Feature; FEATURES]) -> [u32; CLASSES] {
    let mut result = [[0; CLASSES]];
    scores_batch(core::slice::from_ref(features), &mut result, &mut Workspace::new());
    result[0]
}

/// The class of every sample; the shorter slice says how many.
pub fn predict_batch(features: &[[Feature; FEATURES]], classes: &mut [usize], workspace: &mut Workspace) {
    for (features, classes) in features.chunks(LANES).zip(classes.chunks_mut(LANES)) {
        let mut scores = [[0; CLASSES]; LANES];
        scores_batch(features, &mut scores, workspace);
        for (class, scores) in classes.iter_mut().zip(&scores) {
            *class = largest(scores);
        }
    }
}

/// The scores of every sample; the shorter slice says how many.
pub fn scores_batch(features: &[[Feature; FEATURES]], scores: &mut [[u32; CLASSES]], workspace: &mut Workspace) {
    let words = &mut workspace.0;
    for (features, scores) in features.chunks(LANES).zip(scores.chunks_mut(LANES)) {
        run(features, words);
        for (class, &(first, complements, end)) in GROUPS.iter().enumerate() {
            let mut count = [0; SCORE_BITS];
            for &output in &OUTPUTS[first..complements] {
                add(&mut count, words[output as usize]);
            }
            for &output in &OUTPUTS[complements..end] {
                add(&mut count, !words[output as usize]);
            }
            for (lane, scores) in scores.iter_mut().enumerate() {
                let bits = count.iter().enumerate();
                scores[class] = bits.map(|(bit, word)| ((word >> lane & 1) as u32) << bit).sum();
            }
        }
    }
}

/// Adds one bit a lane to numbers of which each word is one bit.
fn add(count: &mut [Word; SCORE_BITS], mut carry: Word) {
    for word in count {
        let both = *word & carry;
        *word ^= carry;
        carry = both;
        if carry == 0 {
            break;
        }
    }
}

fn largest(scores: &[u32; CLASSES]) -> usize {
    let mut best = 0;
    for (class, &score) in scores.iter().enumerate() {
        if score > scores[best] {
            best = class;
        }
    }
    best
}
{%- else %}
/// The words that are the outputs, and whether they are complements.
static OUTPUTS: [(u32, bool); BITS] = [
{%- for line in outputs.chunks(8) %}
    {% for output in line %}({{ output.slot }}, {{ output.inverted }}),{% if !loop.last %} {% endif %}{% endfor %}
{%- endfor %}
];

/// The output bits.
pub fn bits(features: &[Feature; FEATURES]) -> [bool; BITS] {
    let mut result = [[false; BITS]];
    bits_batch(core::slice::from_ref(features), &mut result, &mut Workspace::new());
    result[0]
}

/// The output bits of every sample; the shorter slice says how many.
pub fn bits_batch(features: &[[Feature; FEATURES]], bits: &mut [[bool; BITS]], workspace: &mut Workspace) {
    let words = &mut workspace.0;
    for (features, bits) in features.chunks(LANES).zip(bits.chunks_mut(LANES)) {
        run(features, words);
        for (lane, bits) in bits.iter_mut().enumerate() {
            for (bit, &(output, complement)) in bits.iter_mut().zip(&OUTPUTS) {
                *bit = (words[output as usize] >> lane & 1 == 1) != complement;
            }
        }
    }
}
{%- endif %}

/// Computes the outputs of up to `LANES` samples.
fn run(samples: &[[Feature; FEATURES]], v: &mut [Word; WORDS]) {
    for (word, &(feature, bit)) in v.iter_mut().zip(&PLANES) {
        let lanes = samples.iter().enumerate();
        *word = lanes.fold(0, |word, (lane, codes)| word | ((codes[feature as usize] >> bit & 1) as Word) << lane);
    }
{%- match zero %}
{%- when Some(slot) %}
    v[{{ slot }}] = 0;
{%- when None %}
{%- endmatch %}
{%- for part in parts %}
    part{{ part.number }}(v);
{%- endfor %}
}
{% for function in functions %}
/// Bit `4 * c + 2 * b + a` of 0x{{ function.hex }}.
#[inline(always)]
const fn f{{ function.hex }}(a: Word, b: Word, c: Word) -> Word {
    {{ function.formula }}
}
{% endfor %}
{%- for part in parts %}
#[inline(never)]
fn part{{ part.number }}(v: &mut [Word; WORDS]) {
{{ part -}}
}
{% endfor -%}
