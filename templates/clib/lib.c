{%- for note in l.origin -%}
/* {{ note }} */
{% endfor -%}
/* Codes to words of one sample per bit, the network on them, and words back to numbers. */
#include "lib{{ l.name }}.h"

#include <stdlib.h>
#include <string.h>

#include "lib{{ l.name }}_words.h"

typedef {{ l.name }}_word W;

/* Samples in a word, and runs of 64 of them. */
#define LANES (8u * sizeof(W))
#define BLOCKS (LANES / 64u)
{%- if planes > 0 %}

/* The first words hold one bit of one code each, a plane. Planes are sorted by stretches of 64
 * bytes of a sample's codes, then by the bit within the byte: {stretch, bit, planes} of each run. */
static const uint32_t plane_runs[{{ plane_runs.len() }}][3] = {
{%- for run in plane_runs %}
    {{ "{" }}{{ run.stretch }}u, {{ run.bit }}u, {{ run.planes }}u},
{%- endfor %}
};

/* The byte within the stretch of every plane. */
static const uint8_t plane_bytes[{{ planes }}] = { {{- plane_bytes }}
};

/* Bytes of the codes of a sample. */
#define ROW ({{ l.upper }}_FEATURES * sizeof({{ l.name }}_feature_t))

#if !defined({{ l.upper }}_PLAIN_C) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

/* Words in 64 bytes. */
#define PIECES (64u / sizeof(W))

/* Transposes 64 samples, `stride` bytes apart: of the given bit of 64 bytes of each sample, makes 64
 * numbers of 64 bits. That of byte c is number c / 8 of t[c % 8]. */
static void transpose(const unsigned char *rows, size_t stride, unsigned bit, W t[8][PIECES])
{
    size_t i, r, s;
    for (s = 0; s < PIECES; s++) {
        W *const u = &t[0][s];
        for (i = 0; i < 8; i++) {
            W sum, row;
            memset(&sum, 0, sizeof sum);
            for (r = 8; r-- > 0;) {
                memcpy(&row, rows + (8 * i + r) * stride + s * sizeof row, sizeof row);
                sum = sum << 1 | (row >> bit & UINT64_C(0x0101010101010101));
            }
            u[i * PIECES] = sum;
        }
#define SWAP(a, b, shift, mask) do { \
        const W x = ((u[(a) * PIECES] >> (shift)) ^ u[(b) * PIECES]) & UINT64_C(mask); \
        u[(b) * PIECES] ^= x; \
        u[(a) * PIECES] ^= x << (shift); \
    } while (0)
        for (i = 0; i < 4; i++) {
            SWAP(i, i + 4, 32, 0x00000000ffffffff);
        }
        for (i = 0; i < 8; i += i & 1 ? 3 : 1) {
            SWAP(i, i + 2, 16, 0x0000ffff0000ffff);
        }
        for (i = 0; i < 8; i += 2) {
            SWAP(i, i + 1, 8, 0x00ff00ff00ff00ff);
        }
#undef SWAP
    }
}

/* Up to LANES samples to planes; what is in the lanes behind them does not matter. */
static void pack(const {{ l.name }}_feature_t *features, size_t samples, W *v)
{
    size_t block;
    for (block = 0; 64 * block < samples; block++) {
        const size_t first = 64 * block;
        const size_t count = samples - first < 64 ? samples - first : 64;
        const unsigned char *const bytes = (const unsigned char *)features + first * ROW;
        unsigned char *plane = (unsigned char *)v + 8 * block;
        const uint8_t *byte = plane_bytes;
        uint32_t stretch = UINT32_MAX;
        /* Rows that end within the stretch, or batches that end within the run. */
        unsigned char padded[64][64];
        const unsigned char *rows = padded[0];
        size_t run, i, stride = 64;
        W t[8][PIECES];
        for (run = 0; run < sizeof plane_runs / sizeof plane_runs[0]; run++) {
            if (plane_runs[run][0] != stretch) {
                const size_t place = 64u * plane_runs[run][0];
                const size_t width = ROW - place < 64 ? ROW - place : 64;
                stretch = plane_runs[run][0];
                if (width == 64 && count == 64) {
                    rows = bytes + place;
                    stride = ROW;
                } else {
                    rows = padded[0];
                    stride = 64;
                    memset(padded, 0, sizeof padded);
                    for (i = 0; i < count; i++) {
                        memcpy(padded[i], bytes + i * ROW + place, width);
                    }
                }
            }
            transpose(rows, stride, plane_runs[run][1], t);
            for (i = 0; i < plane_runs[run][2]; i++) {
                memcpy(plane, (const unsigned char *)t[*byte % 8] + *byte / 8 * 8, 8);
                plane += sizeof(W);
                byte++;
            }
        }
    }
}

#else

/* Up to LANES samples to planes; what is in the lanes behind them does not matter. */
static void pack(const {{ l.name }}_feature_t *features, size_t samples, W *v)
{
    size_t block;
    for (block = 0; 64 * block < samples; block++) {
        const size_t first = 64 * block;
        const size_t count = samples - first < 64 ? samples - first : 64;
        unsigned char *plane = (unsigned char *)v + 8 * block;
        const uint8_t *byte = plane_bytes;
        size_t run, i, s;
        for (run = 0; run < sizeof plane_runs / sizeof plane_runs[0]; run++) {
            for (i = 0; i < plane_runs[run][2]; i++) {
                const size_t column = 64u * (size_t)plane_runs[run][0] + *byte;
                const size_t feature = column / sizeof({{ l.name }}_feature_t);
                const size_t shift = plane_runs[run][1] + 8 * (column % sizeof({{ l.name }}_feature_t));
                uint64_t word = 0;
                for (s = 0; s < count; s++) {
                    word |= ((uint64_t)features[(first + s) * {{ l.upper }}_FEATURES + feature] >> shift & 1u) << s;
                }
                memcpy(plane, &word, 8);
                plane += sizeof(W);
                byte++;
            }
        }
    }
}

#endif
{%- endif %}

/* Run number `block` of 64 samples of a word. */
static uint64_t lanes_of(const W *word, size_t block)
{
    uint64_t lanes;
    memcpy(&lanes, (const unsigned char *)word + 8 * block, 8);
    return lanes;
}

/* The words that are the outputs
{%- if l.classes > 0 %}, class by class, those that are complements last
{%- endif %}. */
static const {{ outputs.element }} outputs[{{ outputs.len() }}] = { {{- outputs }}
};
{%- if l.classes > 0 %}

/* Class c counts the outputs from bounds[2 * c]; from bounds[2 * c + 1] they are complements. */
static const uint32_t bounds[{{ bounds.len() }}] = { {{- bounds }}
};

/* Bits of a score and of a class. */
#define SCORE_BITS {{ l.score_bits }}
#define CLASS_BITS {{ l.class_bits }}

/* A full adder: carry and sum of three words. */
#ifdef TERNARY
#define ADD(carry, sum, a, b, c) do { \
        const W a_ = (a), b_ = (b), c_ = (c); \
        carry = TERNARY(0xe8, a_, b_, c_); \
        sum = TERNARY(0x96, a_, b_, c_); \
    } while (0)
#else
#define ADD(carry, sum, a, b, c) do { \
        const W a_ = (a), b_ = (b), c_ = (c), x_ = a_ ^ b_; \
        carry = (a_ & b_) | (x_ & c_); \
        sum = x_ ^ c_; \
    } while (0)
#endif

/* Adds a word of weight 2^plane to a number of which each word is one bit. */
static void add_at(W *number, size_t plane, W carry)
{
    for (; plane < SCORE_BITS; plane++) {
        const W next = number[plane] & carry;
        number[plane] ^= carry;
        carry = next;
    }
}

/* Adds the outputs from `first` to `last` to a number, sixteen at a time through carry-save adders. */
static void count_ones(const W *v, size_t first, size_t last, uint64_t complement, W *number)
{
    W zero, flip, ones, twos, fours, eights;
    memset(&zero, 0, sizeof zero);
    flip = zero + complement;
    ones = twos = fours = eights = zero;
#define IN(i) (v[outputs[first + (i)]] ^ flip)
    for (; last - first >= 16; first += 16) {
        W two_a, two_b, four_a, four_b, eight_a, eight_b, carry;
        ADD(two_a, ones, ones, IN(0), IN(1));
        ADD(two_b, ones, ones, IN(2), IN(3));
        ADD(four_a, twos, twos, two_a, two_b);
        ADD(two_a, ones, ones, IN(4), IN(5));
        ADD(two_b, ones, ones, IN(6), IN(7));
        ADD(four_b, twos, twos, two_a, two_b);
        ADD(eight_a, fours, fours, four_a, four_b);
        ADD(two_a, ones, ones, IN(8), IN(9));
        ADD(two_b, ones, ones, IN(10), IN(11));
        ADD(four_a, twos, twos, two_a, two_b);
        ADD(two_a, ones, ones, IN(12), IN(13));
        ADD(two_b, ones, ones, IN(14), IN(15));
        ADD(four_b, twos, twos, two_a, two_b);
        ADD(eight_b, fours, fours, four_a, four_b);
        ADD(carry, eights, eights, eight_a, eight_b);
        add_at(number, 4, carry);
    }
    for (; first < last; first++) {
        add_at(number, 0, IN(0));
    }
#undef IN
    add_at(number, 0, ones);
    add_at(number, 1, twos);
    add_at(number, 2, fours);
    add_at(number, 3, eights);
}

/* Byte i is bit i of `bits`. */
static uint64_t spread(uint64_t bits)
{
    return ((bits & 0x7f) * UINT64_C(0x0002040810204081) & UINT64_C(0x0101010101010101)) | (bits & 0x80) << 49;
}

/* The numbers of LANES samples from their bits. */
static void numbers(const W *number, size_t bits, uint32_t *values)
{
    size_t block, lane, plane, i;
    for (block = 0; block < BLOCKS; block++) {
        for (lane = 0; lane < 64; lane += 8) {
            uint64_t bytes[4] = {0, 0, 0, 0};
            for (plane = 0; plane < bits; plane++) {
                bytes[plane / 8] |= spread(lanes_of(&number[plane], block) >> lane & 0xff) << plane % 8;
            }
            for (i = 0; i < 8; i++) {
                *values++ = (uint32_t)((bytes[0] >> 8 * i & 0xff) | (bytes[1] >> 8 * i & 0xff) << 8
                    | (bytes[2] >> 8 * i & 0xff) << 16 | (bytes[3] >> 8 * i & 0xff) << 24);
            }
        }
    }
}

/* Up to LANES samples whose outputs are in `v`. */
static void read_classes(const W *v, size_t samples, {{ l.name }}_class_t *classes, {{ l.name }}_score_t *scores)
{
    W score[SCORE_BITS], best[SCORE_BITS], label[CLASS_BITS];
    uint32_t values[LANES];
    size_t c, i;
    memset(best, 0, sizeof best);
    memset(label, 0, sizeof label);
    for (c = 0; c < {{ l.upper }}_CLASSES; c++) {
        memset(score, 0, sizeof score);
        count_ones(v, bounds[2 * c], bounds[2 * c + 1], 0, score);
        count_ones(v, bounds[2 * c + 1], bounds[2 * c + 2], UINT64_MAX, score);
        if (scores) {
            numbers(score, SCORE_BITS, values);
            for (i = 0; i < samples; i++) {
                scores[i * {{ l.upper }}_CLASSES + c] = ({{ l.name }}_score_t)values[i];
            }
        }
        if (classes) {
            /* Strictly greater, so that the lowest class wins a tie. */
            W greater;
            memset(&greater, 0, sizeof greater);
            for (i = 0; i < SCORE_BITS; i++) {
                greater = (score[i] & ~best[i]) | (greater & ~(score[i] ^ best[i]));
            }
            for (i = 0; i < SCORE_BITS; i++) {
                best[i] ^= greater & (best[i] ^ score[i]);
            }
            for (i = 0; i < CLASS_BITS; i++) {
                label[i] = c >> i & 1 ? label[i] | greater : label[i] & ~greater;
            }
        }
    }
    if (classes) {
        numbers(label, CLASS_BITS, values);
        for (i = 0; i < samples; i++) {
            classes[i] = ({{ l.name }}_class_t)values[i];
        }
    }
}
{%- else %}

/* Outputs whose word is the complement. */
static const uint8_t complements[{{ complements.len() }}] = { {{- complements }}
};

/* Up to LANES samples whose outputs are in `v`. */
static void read_bits(const W *v, size_t samples, uint8_t *bits)
{
    size_t b, block, lane;
    for (b = 0; b < {{ l.upper }}_BITS; b++) {
        for (block = 0; block < BLOCKS; block++) {
            const uint64_t lanes = lanes_of(&v[outputs[b]], block);
            for (lane = 0; lane < 64 && 64 * block + lane < samples; lane++) {
                bits[(64 * block + lane) * {{ l.upper }}_BITS + b] = (uint8_t)((lanes >> lane & 1) ^ complements[b]);
            }
        }
    }
}
{%- endif %}

/* Words of the network. */
#define WORDS {{ slots }}

size_t {{ l.name }}_workspace(void)
{
    return (WORDS + 1) * sizeof(W);
}

size_t {{ l.name }}_lanes(void)
{
    return LANES;
}

{% if l.classes > 0 -%}
void {{ l.name }}_run(const {{ l.name }}_feature_t *features, size_t samples, {{ l.name }}_class_t *classes,
    {{ l.name }}_score_t *scores, void *workspace)
{%- else -%}
void {{ l.name }}_run(const {{ l.name }}_feature_t *features, size_t samples, uint8_t *bits, void *workspace)
{%- endif %}
{
    unsigned char *const start = (unsigned char *)workspace;
    W *const v = (W *)(void *)(start + (sizeof(W) - (uintptr_t)start % sizeof(W)));
    while (samples > 0) {
        const size_t count = samples < LANES ? samples : LANES;
{%- if planes > 0 %}
        pack(features, count, v);
{%- endif %}
{%- match zero %}
{%- when Some(slot) %}
        memset(&v[{{ slot }}], 0, sizeof v[0]);
{%- when None %}
{%- endmatch %}
{%- for file in 0..core_files %}
        {{ l.name }}_core{{ file }}(v);
{%- endfor %}
{%- if l.classes > 0 %}
        read_classes(v, count, classes, scores);
        classes = classes ? classes + count : classes;
        scores = scores ? scores + count * {{ l.upper }}_CLASSES : scores;
{%- else %}
        read_bits(v, count, bits);
        bits += count * {{ l.upper }}_BITS;
{%- endif %}
{%- if planes > 0 %}
        features += count * {{ l.upper }}_FEATURES;
{%- endif %}
        samples -= count;
    }
{%- if planes == 0 %}
    /* No output depends on them. */
    (void)features;
{%- endif %}
}
{% if l.classes > 0 %}
int {{ l.name }}_predict(const {{ l.name }}_feature_t *features, size_t samples, {{ l.name }}_class_t *classes)
{
    void *const workspace = malloc({{ l.name }}_workspace());
    if (!workspace) {
        return -1;
    }
    {{ l.name }}_run(features, samples, classes, NULL, workspace);
    free(workspace);
    return 0;
}

int {{ l.name }}_scores(const {{ l.name }}_feature_t *features, size_t samples, {{ l.name }}_score_t *scores)
{
    void *const workspace = malloc({{ l.name }}_workspace());
    if (!workspace) {
        return -1;
    }
    {{ l.name }}_run(features, samples, NULL, scores, workspace);
    free(workspace);
    return 0;
}
{%- else %}
int {{ l.name }}_bits(const {{ l.name }}_feature_t *features, size_t samples, uint8_t *bits)
{
    void *const workspace = malloc({{ l.name }}_workspace());
    if (!workspace) {
        return -1;
    }
    {{ l.name }}_run(features, samples, bits, workspace);
    free(workspace);
    return 0;
}
{%- endif %}
