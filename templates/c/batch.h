{%- if classes > 0 %}
/* Bits of a score and of a class. */
#define {{ upper }}_SCORE_BITS {{ score_bits }}
#define {{ upper }}_CLASS_BITS {{ class_bits }}
{%- if by_eight %}

/* Adds two words to one, bit by bit; returns the carries. */
static inline {{ word_name }} {{ name }}_add({{ word_name }} *sum, {{ word_name }} a, {{ word_name }} b)
{
    const {{ word_name }} half = {{ cast }}(*sum ^ a);
    const {{ word_name }} carry = {{ cast }}((*sum & a) | (half & b));
    *sum = {{ cast }}(half ^ b);
    return carry;
}
{%- endif %}

/* Adds a word of weight 2^bit to numbers of which each word is one bit. */
static inline void {{ name }}_carry({{ word_name }} score[{{ upper }}_SCORE_BITS], unsigned bit, {{ word_name }} carry)
{
    for (; carry != 0 && bit < {{ upper }}_SCORE_BITS; bit++) {
        const {{ word_name }} next = score[bit] & carry;
        score[bit] ^= carry;
        carry = next;
    }
}

/* The scores of class c of all samples{% if by_eight %}, by eight outputs at a time{% endif %}; its complements come last. */
static inline void {{ name }}_count_words(const {{ word_name }} *w, unsigned c, {{ word_name }} score[{{ upper }}_SCORE_BITS])
{
{%- if by_eight %}
    {{ word_name }} ones = 0, twos = 0, fours = 0;
{%- endif %}
    {{ word_name }} flip = 0;
    {{ index }} i = {{ upper }}_READ_{{ bounds.element.bits }}(&{{ name }}_bounds[2 * c]);
    unsigned part;
    unsigned bit;
    for (bit = 0; bit < {{ upper }}_SCORE_BITS; bit++) {
        score[bit] = 0;
    }
    for (part = 1; part <= 2; part++) {
        const {{ index }} end = {{ upper }}_READ_{{ bounds.element.bits }}(&{{ name }}_bounds[2 * c + part]);
#define {{ upper }}_OUTPUT(n) {{ cast }}(w[{{ upper }}_READ_{{ outputs.element.bits }}(&{{ name }}_outputs[i + n])] ^ flip)
{%- if by_eight %}
        for (; end - i >= 8; i += 8) {
            const {{ word_name }} two0 = {{ name }}_add(&ones, {{ upper }}_OUTPUT(0), {{ upper }}_OUTPUT(1));
            const {{ word_name }} two1 = {{ name }}_add(&ones, {{ upper }}_OUTPUT(2), {{ upper }}_OUTPUT(3));
            const {{ word_name }} two2 = {{ name }}_add(&ones, {{ upper }}_OUTPUT(4), {{ upper }}_OUTPUT(5));
            const {{ word_name }} two3 = {{ name }}_add(&ones, {{ upper }}_OUTPUT(6), {{ upper }}_OUTPUT(7));
            const {{ word_name }} four0 = {{ name }}_add(&twos, two0, two1);
            const {{ word_name }} four1 = {{ name }}_add(&twos, two2, two3);
            {{ name }}_carry(score, 3, {{ name }}_add(&fours, four0, four1));
        }
{%- endif %}
        for (; i < end; i++) {
            {{ name }}_carry(score, 0, {{ upper }}_OUTPUT(0));
        }
#undef {{ upper }}_OUTPUT
        flip = {{ cast }}~flip;
    }
{%- if by_eight %}
    {{ name }}_carry(score, 0, ones);
    {{ name }}_carry(score, 1, twos);
    {{ name }}_carry(score, 2, fours);
{%- endif %}
}

/* A number of `bits` words, lowest bit first, of one sample. */
static inline uint32_t {{ name }}_number(const {{ word_name }} *words, unsigned bits, unsigned sample)
{
    uint32_t number = 0;
    while (bits-- > 0) {
        number = number << 1 | (uint32_t)(words[bits] >> sample & 1u);
    }
    return number;
}

/* The scores of `count` samples, sample after sample. */
static inline void {{ name }}_scores_batch_r(const {{ name }}_feature_t *features, uint32_t count, {{ score }} *scores,
    {{ word_name }} workspace[{{ upper }}_WORKSPACE])
{
    while (count > 0) {
        const unsigned samples = count < {{ word.bits }} ? (unsigned)count : {{ word.bits }};
        unsigned sample;
        unsigned c;
        {{ name }}_run(features, samples, workspace);
        for (c = 0; c < {{ upper }}_CLASSES; c++) {
            {{ word_name }} score[{{ upper }}_SCORE_BITS];
            {{ name }}_count_words(workspace, c, score);
            for (sample = 0; sample < samples; sample++) {
                scores[sample * {{ upper }}_CLASSES + c] = ({{ score }}){{ name }}_number(score, {{ upper }}_SCORE_BITS, sample);
            }
        }
        features += samples * {{ upper }}_FEATURES;
        scores += samples * {{ upper }}_CLASSES;
        count -= samples;
    }
}

/* The classes of `count` samples. */
static inline void {{ name }}_predict_batch_r(const {{ name }}_feature_t *features, uint32_t count, {{ class }} *classes,
    {{ word_name }} workspace[{{ upper }}_WORKSPACE])
{
    while (count > 0) {
        const unsigned samples = count < {{ word.bits }} ? (unsigned)count : {{ word.bits }};
        {{ word_name }} best[{{ upper }}_SCORE_BITS] = { 0 };
        {{ word_name }} label[{{ upper }}_CLASS_BITS] = { 0 };
        unsigned sample;
        unsigned bit;
        unsigned c;
        {{ name }}_run(features, samples, workspace);
        for (c = 0; c < {{ upper }}_CLASSES; c++) {
            {{ word_name }} score[{{ upper }}_SCORE_BITS];
            {{ word_name }} greater = 0;
            {{ name }}_count_words(workspace, c, score);
            /* Strictly greater, so that the lowest class wins a tie. */
            for (bit = 0; bit < {{ upper }}_SCORE_BITS; bit++) {
                greater = {{ cast }}((score[bit] & ~best[bit]) | (greater & ~(score[bit] ^ best[bit])));
            }
            for (bit = 0; bit < {{ upper }}_SCORE_BITS; bit++) {
                best[bit] = {{ cast }}(best[bit] ^ (greater & (best[bit] ^ score[bit])));
            }
            for (bit = 0; bit < {{ upper }}_CLASS_BITS; bit++) {
                label[bit] = {{ cast }}(c >> bit & 1u ? label[bit] | greater : label[bit] & ~greater);
            }
        }
        for (sample = 0; sample < samples; sample++) {
            classes[sample] = ({{ class }}){{ name }}_number(label, {{ upper }}_CLASS_BITS, sample);
        }
        features += samples * {{ upper }}_FEATURES;
        classes += samples;
        count -= samples;
    }
}
{%- else %}
/* The output bits of `count` samples, one a byte, sample after sample. */
static inline void {{ name }}_bits_batch_r(const {{ name }}_feature_t *features, uint32_t count, uint8_t *bits,
    {{ word_name }} workspace[{{ upper }}_WORKSPACE])
{
    while (count > 0) {
        const unsigned samples = count < {{ word.bits }} ? (unsigned)count : {{ word.bits }};
        unsigned sample;
        {{ index }} i;
        {{ name }}_run(features, samples, workspace);
        for (sample = 0; sample < samples; sample++) {
            for (i = 0; i < {{ upper }}_BITS; i++) {
                *bits++ = {{ name }}_bit(workspace, i, sample);
            }
        }
        features += samples * {{ upper }}_FEATURES;
        count -= samples;
    }
}
{%- endif %}
