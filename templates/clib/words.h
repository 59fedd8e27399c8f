{%- for note in l.origin -%}
/* {{ note }} */
{% endfor -%}
/* Private to lib{{ l.name }}: the machine word, one sample per bit. */
#ifndef DIFFLUT_LIB{{ l.upper }}_WORDS_H
#define DIFFLUT_LIB{{ l.upper }}_WORDS_H

#include <stdint.h>

/* Without extensions of gcc and clang everything is plain C99; as if so when it is defined. */
#ifndef __GNUC__
#define {{ l.upper }}_PLAIN_C
#endif

/* Bytes of a word: the widest registers that the compiler may use, unless defined by the user
 * as 8, 16, 32 or 64. */
#ifndef {{ l.upper }}_WORD_BYTES
#ifdef {{ l.upper }}_PLAIN_C
#define {{ l.upper }}_WORD_BYTES 8
#elif defined(__AVX512F__)
#define {{ l.upper }}_WORD_BYTES 64
#elif defined(__AVX2__)
#define {{ l.upper }}_WORD_BYTES 32
#elif defined(__SSE2__) || defined(__ARM_NEON) || defined(__ALTIVEC__)
#define {{ l.upper }}_WORD_BYTES 16
#else
#define {{ l.upper }}_WORD_BYTES 8
#endif
#endif

#if {{ l.upper }}_WORD_BYTES == 8
typedef uint64_t {{ l.name }}_word;
#else
typedef uint64_t {{ l.name }}_word __attribute__((vector_size({{ l.upper }}_WORD_BYTES)));
#endif

/* Compilers take time that grows faster than a function does, so parts stay functions. */
#ifdef {{ l.upper }}_PLAIN_C
#define PART static void
#else
#define PART static __attribute__((noinline)) void
#endif

/* Functions of three words; bit 4 * (c & 1) + 2 * (b & 1) + (a & 1) of the number is the result.
 * With AVX-512 each is one instruction. */
#if {{ l.upper }}_WORD_BYTES == 64 && defined(__AVX512F__)
#include <immintrin.h>
#define TERNARY(table, a, b, c) (({{ l.name }}_word)_mm512_ternarylogic_epi64((__m512i)(c), (__m512i)(b), (__m512i)(a), (table)))
#elif {{ l.upper }}_WORD_BYTES == 32 && defined(__AVX512F__) && defined(__AVX512VL__)
#include <immintrin.h>
#define TERNARY(table, a, b, c) (({{ l.name }}_word)_mm256_ternarylogic_epi64((__m256i)(c), (__m256i)(b), (__m256i)(a), (table)))
#endif
#ifdef TERNARY
{%- for function in functions %}
#define F{{ function.hex }}(a, b, c) TERNARY(0x{{ function.hex }}, a, b, c)
{%- endfor %}
#else
{%- for function in functions %}
#define F{{ function.hex }}(a, b, c) {{ function.formula }}
{%- endfor %}
#endif
{%- for file in 0..core_files %}

void {{ l.name }}_core{{ file }}({{ l.name }}_word *v);
{%- endfor %}

#endif
